/** What tests of this room share: short ways to write resources, and the fault that work throws. */
import { Fault, type Snapshot } from '../contract/index.ts';

export const NO_POLICY: Snapshot['policy'] = {
  version: 'sha256:0000000000000000',
  cedar: '4',
  actionParents: {},
  arguments: [],
  levels: [],
};

const resource = (kind: string, name: string, spec: object, metadata: object = {}): Record<string, unknown> => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});

export const agent = (name: string, metadata: object = {}, spec: object = {}): Record<string, unknown> =>
  resource('Agent', name, { operations: [{ name: 'ask' }], ...spec }, metadata);
export const domain = (name: string, parent?: string): Record<string, unknown> =>
  resource('Domain', name, parent === undefined ? {} : { parent });
export const route = (name: string, to: object): Record<string, unknown> => resource('Route', name, { to });
export const bundle = (name: string, level: string): Record<string, unknown> =>
  resource('PolicyBundle', name, { level, policies: { text: '' } });
export const key = (name: string, principal: object, more: object = {}): Record<string, unknown> =>
  resource('Key', name, { principal, secretHash: `sha256:${'a'.repeat(64)}`, ...more });
export const user = (name: string, roles: readonly string[] = []): Record<string, unknown> =>
  resource('User', name, { roles });

/** The fault that work throws. */
export const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  }
  throw new Error('did not throw');
};

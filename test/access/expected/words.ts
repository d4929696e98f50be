/** Who may do what, in the words of the table: groups of callers, and what a route gives them. */
import type { Who } from '../people.ts';

export interface Expected {
  /** Everybody else is turned away, sees nothing of what is called here, and reaches no target. */
  readonly in: readonly Who[];
  /** Of those who get in, the ones who may see what the target is and says. Default: all of them. */
  readonly see?: readonly Who[];
  /** A call: the target is reached by whoever gets in. */
  readonly calls?: true;
  /** The protocol has words of its own for a no, or tells everybody something: only what is reached and seen counts. */
  readonly bySight?: true;
}

export const GONE: readonly Who[] = ['garbage', 'expired', 'revoked', 'halted'];
export const AGENTS: readonly Who[] = ['alice', 'bob', 'stranger-agent'];
/** A cookie alone is enough to look, and for nothing that changes something. */
export const LOOKING: readonly Who[] = ['adam-at-another-page'];
export const ADMINS: readonly Who[] = ['adam-admin', 'adam-at-a-browser', 'stranger-admin'];
export const KNOWN: readonly Who[] = [
  ...AGENTS,
  ...ADMINS,
  'alice-reading',
  'ursula',
  'vera-viewer',
  'olga-operator',
  'dora-developer',
  'adam-reading',
];
/** Whose keys are for calls. */
export const CALLING: readonly Who[] = [
  ...AGENTS,
  'adam-admin',
  'stranger-admin',
  'ursula',
  'vera-viewer',
  'olga-operator',
  'dora-developer',
];
export const NODES: readonly Who[] = ['node', 'node-for-bob'];

export const everybody: Expected = { in: ['nobody', ...GONE, ...KNOWN, ...LOOKING, ...NODES], see: [] };
/** Their own proof, which none of these is: the door says no, or that nothing came. */
export const noneOfThese: Expected = { in: [] };
/** `adam-reading` is narrowed to it, and `olga` and `dora` hold it. */
export const viewers = (looks: boolean): Expected => ({
  in: ['vera-viewer', 'olga-operator', 'dora-developer', 'adam-reading', ...ADMINS, ...(looks ? LOOKING : [])],
});
export const withRole = (roles: readonly Who[], looks: boolean): Expected => ({
  in: [...roles, ...ADMINS, ...(looks ? LOOKING : [])],
});
export const operators = (looks: boolean): Expected => withRole(['olga-operator'], looks);
export const developers = withRole(['dora-developer'], false);
export const admins = (looks: boolean): Expected => withRole([], looks);
/** What concerns every tenant. */
export const onlyHere = (looks: boolean): Expected => ({
  in: ['adam-admin', 'adam-at-a-browser', ...(looks ? LOOKING : [])],
});
export const known = (looks: boolean): Expected => ({ in: [...KNOWN, ...(looks ? LOOKING : [])], see: [] });
/** Whoever may call, to say what it did. */
export const callers: Expected = { in: CALLING, see: [] };
export const agents: Expected = { in: AGENTS, see: [] };
export const viewersAndAgents: Expected = {
  in: [...viewers(true).in, ...AGENTS],
  see: ['alice', 'olga-operator', 'adam-admin', 'adam-at-a-browser', 'adam-at-another-page'],
};
export const node: Expected = { in: ['node'], see: [] };
export const browsers: Expected = { in: ['adam-at-a-browser', ...LOOKING] };
export const catalog: Expected = {
  in: ['nobody', ...KNOWN, ...NODES, ...LOOKING],
  see: ['alice'],
};
export const call: Expected = { in: ['alice'], calls: true };
export const owner: Expected = { in: ['alice'] };

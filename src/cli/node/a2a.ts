/** The A2A door of a listener, with what stands behind it: tasks, calls that wait for people, cards and push notifications. */
import type { KeyObject } from 'node:crypto';
import type { Desk } from '../../approvals/index.ts';
import type { Credential, Directory, Fault, ProgressOf, TaskStore } from '../../contract/index.ts';
import {
  A2aService,
  a2aDoor,
  type GrpcDoor,
  grpcDoor,
  type HeldCall,
  type HeldCalls,
  saidToReceiver,
} from '../../doors/a2a/index.ts';
import type { Door } from '../../doors/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';
import { throwIfNotForCalls } from '../../identity/index.ts';
import type { Handler, World } from '../../kernel/index.ts';
import { signingWith } from './card-key.ts';
import { isPublished } from './catalog.ts';
import type { SharedLimits } from './doors.ts';
import type { LivePipeline } from './live.ts';

export interface A2aParts {
  readonly world: World;
  /** Of the listener: two of one node keep their tasks apart. */
  readonly node: string;
  readonly tenant: string;
  readonly live: LivePipeline;
  readonly handler: () => Handler;
  readonly directory: Directory;
  readonly tasks: TaskStore;
  readonly desk?: Desk;
  /** Of runs of plans, on a node that has some. */
  readonly progress?: ProgressOf;
  readonly key: KeyObject;
  readonly fetch: GuardedFetch;
  readonly url: () => string;
  readonly grpc?: () => string;
  readonly known?: (inbound: { readonly credential: Credential }) => Credential;
  readonly onInternal: (fault: Fault, occurrence: object) => void;
}

export interface A2aFront {
  /** `shared`: what it has in common with the other doors of its listener. */
  readonly door: (shared: SharedLimits) => Door;
  readonly grpc: GrpcDoor;
  readonly service: A2aService;
}

export const a2aFront = async (parts: A2aParts): Promise<A2aFront> => {
  const { live, known, fetch, desk } = parts;
  const service = new A2aService(
    {
      handler: parts.handler,
      world: parts.world,
      node: parts.node,
      tenant: parts.tenant,
      directory: parts.directory,
      identify: async (credential) => {
        const principal = await parts.directory.identify(credential);
        throwIfNotForCalls(principal);
        return principal;
      },
      tasks: parts.tasks,
      held: heldCalls(live, desk),
      ...(parts.progress === undefined ? {} : { progress: parts.progress }),
      post: async (url, { headers, body }) => (await fetch(url, { method: 'POST', headers, body })).status,
      signing: await signingWith(parts.key, parts.url),
      url: parts.url,
      ...(parts.grpc === undefined ? {} : { grpc: parts.grpc }),
      logins: (tenant) =>
        (live.snapshot?.providers ?? [])
          .filter((provider) => provider.tenant === tenant)
          .map(({ name, issuer }) => ({
            name,
            discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
          })),
      isPublic: isPublished,
      ...(known === undefined ? {} : { known: (credential: Credential) => known({ credential }) }),
      onInternal: (cause, about) => parts.onInternal(cause as Fault, about),
    },
    saidToReceiver,
  );
  return { service, door: (shared) => a2aDoor({ service, ...shared }), grpc: grpcDoor(service) };
};

/** Of this node: what waits for people, and what runs because they said yes. */
const heldCalls = (live: LivePipeline, desk: Desk | undefined): HeldCalls => ({
  get: async (tenant, id): Promise<HeldCall | undefined> => {
    const record = await live.journal.get(tenant, id);
    if (record === undefined) return undefined;
    const approval = await desk?.publicOf(tenant, id);
    const isHeld = approval?.state === 'pending' && record.concludedAtMs === null;
    return {
      state: record.concludedAtMs !== null ? 'over' : isHeld ? 'held' : 'running',
      ...(approval === undefined ? {} : { approval: { ...approval } }),
      reply: record.reply,
    };
  },
  cancel: async (tenant, id) => {
    if (!live.journal.cancel(id)) await desk?.withdraw(tenant, id);
  },
});

/** The first call of a recorded request as it is made again: by whom it was made then, with what was asked then, in a tree that is a replay. */
import {
  type Call,
  type CallEvent,
  type Clock,
  documentIn,
  Fault,
  formOf,
  type Ids,
  type Principal,
  type ReplayWish,
} from '../contract/index.ts';
import { callerOf, type Recording, targetOf } from './recording.ts';

/** A node waits no longer for an agent, whatever its route grants: somebody waits for the replay. */
const LONGEST_MS = 120_000;

/** Throws `bad_request` where the payload or the caller is not known. */
export const firstCall = (
  { root, asked }: Recording,
  data: ReplayWish['data'],
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
): Call => {
  const id = ids.callId();
  const principal = principalOf(root);
  const payload = data ?? asked;
  if ('why' in payload)
    throw new Fault(
      'bad_request',
      `the payload of \`${targetOf(root)}\` is missing: ${payload.why}; give it with --data @file`,
      { facts: { code: 'NOT_RECORDED' } },
    );
  const form = formOf(payload.type);
  return {
    id,
    credential: { kind: 'known', principal },
    principal: null,
    target: root.target,
    contentType: payload.type,
    accept: form === 'plain' ? 'application/json, */*;q=0.5' : documentIn(form),
    body: { kind: 'bytes', bytes: new TextEncoder().encode(payload.text) },
    headers: [],
    timeoutMs: LONGEST_MS,
    trace: { trace: ids.traceId(), sampled: true },
    lineage: { root: id, depth: 0 },
    tree: {
      origin: principal,
      begun: callerOf({ principal }),
      hops: [{ target: targetOf(root), digest: '' }],
      calls: 1,
      endsAtMs: clock.nowMs() + LONGEST_MS,
      replay: true,
    },
    // An agent that keeps something for a session keeps it for this one, and not for the one that people are in.
    ...(root.session === undefined ? {} : { session: `replay-${id}` }),
    priority: 2,
    stream: false,
    via: [],
    retriedElsewhere: false,
  };
};

/** Who called then, with the roles that policy saw. */
const principalOf = ({ principal, tenant, steps }: CallEvent): Principal => {
  const decided = steps.findLast(({ name }) => name === 'decide')?.attributes;
  if (principal === null || (principal.kind !== 'agent' && principal.kind !== 'user'))
    throw new Fault('bad_request', 'only a request of an agent or of a user can be made again');
  if (decided === undefined || typeof decided['at'] !== 'number')
    throw new Fault(
      'bad_request',
      'it is not recorded with which roles the request was decided, so that it cannot be again',
    );
  const { kind, id, domain } = principal;
  const teams = textsOf(decided['teams']);
  return {
    ...{ kind, tenant, id, roles: textsOf(decided['roles']) },
    ...(domain === undefined ? {} : { domain }),
    ...(teams.length === 0 ? {} : { teams }),
  };
};

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

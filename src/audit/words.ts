/** Calls in the words of the audit: names and digests, and never a byte of what was said. */
import type { Call, Decision, Fault, Reply } from '../contract/index.ts';
import { payloadDigest } from '../kernel/index.ts';
import type { Noted } from './trail.ts';

const actorOf = ({ principal }: Call): string => (principal === null ? 'nobody' : `${principal.kind}/${principal.id}`);

const objectOf = ({ target }: Call): string => `${target.kind}/${target.name}/${target.operation}`;

const about = (call: Call, kind: string, details: Noted['details']): Noted => ({
  tenant: call.principal?.tenant ?? '',
  kind,
  actor: actorOf(call),
  object: objectOf(call),
  callId: call.id,
  details,
});

export interface Sending {
  readonly node: string;
  readonly effect: string;
  readonly decision: Decision;
}

/** Written before any byte leaves, for what changes the world; `call.read` for what only looks. */
export const sending = (call: Call, { node, effect, decision }: Sending): Noted =>
  about(call, effect === 'read' ? 'call.read' : 'call.sent', {
    node,
    effect,
    root: call.lineage.root,
    policy: decision.policyVersion,
    rules: decision.determining.map(({ level, id }) => `${level}/${id}`),
    ...(call.session === undefined ? {} : { session: call.session }),
    ...standingOf(call, decision),
    ...digestOf(call),
  });

/** How old what this node judged by was, where it follows a hub: what it did not know of nobody can hold against it later. */
const standingOf = ({ standing }: Call, decision?: Decision): Noted['details'] =>
  standing === undefined
    ? {}
    : {
        class: decision?.code === 'APPROVED' ? 'approval-gated' : standing.consequence,
        snapshotAgeMs: told(standing.snapshotAgeMs),
        killsAgeMs: told(standing.killsAgeMs),
        boundMs: standing.boundMs,
        boundOf: standing.of,
      };

/** -1: nobody knows. */
const told = (ageMs: number): number => (Number.isFinite(ageMs) ? Math.max(0, Math.round(ageMs)) : -1);

/** The exact bytes that go on, after every limit has had its way with them. */
const digestOf = ({ body }: Call): Noted['details'] =>
  body.kind === 'stream' ? { stream: true } : { sha256: payloadDigest(body), bytes: body.bytes.byteLength };

export const ended = (call: Call, node: string, fault: Fault | undefined, reply: Reply | undefined): Noted =>
  about(call, 'call.ended', {
    node,
    outcome: fault === undefined ? (reply?.outcome ?? 'ok') : fault.code,
    executed: fault === undefined ? 'yes' : fault.executed,
    ...(reply === undefined ? {} : { status: reply.status, endpoint: reply.endpoint, attempts: reply.attempts }),
  });

/** Nothing was sent. The message stays out: it may quote the caller. */
export const refused = (call: Call, node: string, { code, facts }: Fault): Noted =>
  about(call, 'call.refused', {
    node,
    fault: code,
    ...standingOf(call),
    ...(typeof facts['class'] === 'string' ? { class: facts['class'] } : {}),
    ...(typeof facts['boundMs'] === 'number' ? { boundMs: facts['boundMs'] } : {}),
    // Nobody was refused anything: a recorded request was made again.
    ...(typeof facts['replay'] === 'string' ? { replay: facts['replay'] } : {}),
    ...(typeof facts['code'] === 'string' ? { code: facts['code'] } : {}),
    ...(Array.isArray(facts['rules']) ? { rules: facts['rules'] } : {}),
    ...(typeof facts['policyVersion'] === 'string' ? { policy: facts['policyVersion'] } : {}),
  });

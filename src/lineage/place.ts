/**
 * Finds where a call belongs. An agent that sends back what it was handed is placed by that; one that sends nothing, by what this
 * node handed to it or waits for it to answer. Leaving headers out changes how a place is found, and not which.
 */
import { hash } from 'node:crypto';
import {
  type Call,
  Fault,
  formOf,
  HEADERS,
  type Hop,
  type Principal,
  type Scope,
  type Tree,
} from '../contract/index.ts';
import { payloadDigest, payloadOf, type Recent } from '../kernel/index.ts';
import type { Ground } from './ground.ts';
import type { Roots } from './roots.ts';
import type { AgentWork, Running } from './running.ts';
import { returnedBy } from './token.ts';
import { describedFrom, type Place } from './told.ts';

/** `root`: it begins a tree. `told`: a node said so. `own`: Airspace asks. Then by token, by trace, and by what an agent works on. */
export type Found = 'root' | 'told' | 'own' | 'token' | 'trace' | 'running' | 'ambient';

export interface Placed {
  readonly place: Place;
  readonly found: Found;
  /** Trees that its root stands for. */
  readonly trees: number;
  /** False where the parent is one of several that it could be. */
  readonly exact: boolean;
}

export interface Memory {
  readonly roots: Roots;
  readonly running: Running;
  /** What was handed to whom, by trace and span. */
  readonly handed: Recent<Place>;
}

export type Caller = Call & { readonly principal: Principal };

/** Throws what `returnedBy` throws. */
export const placeOf = (call: Caller, scope: Scope, memory: Memory, ground: Ground): Placed => {
  const { principal } = call;
  const nowMs = scope.clock.nowMs();
  const endsAtMs = nowMs + ground.rules.limitsOf(principal.tenant, call.target).wallMs;
  if (call.tree !== undefined) return as('own', { ...own(call), tree: call.tree });
  if (call.via.length > 0)
    return as('told', { ...own(call), tree: labelled(toldTree(call, endsAtMs, scope, ground), call, memory) });
  // Asked by the node itself about a call that it once took: nothing from outside comes as known and below another call.
  if (call.credential.kind === 'known' && call.lineage.depth > 0)
    return as('own', { ...own(call), tree: rootTree(call, endsAtMs) });
  if (call.run !== undefined) return child('token', returnedPlace(call, call.run, scope, ground), call, memory);
  if (principal.kind === 'agent') {
    const agent = agentKey(principal.tenant, principal.id);
    const handed = handedBefore(call, agent, memory, nowMs);
    if (handed !== undefined) return child('trace', handed, call, memory);
    const work = memory.running.of(agent);
    if (work?.replay !== undefined) {
      // A call that Airspace itself goes on with, such as one that people approved, was there before.
      if (call.credential.kind === 'known') return as('own', { ...own(call), tree: rootTree(call, endsAtMs) });
      throw maybeReplayed(principal.id, work.replay, scope);
    }
    const deepest = work?.deepest;
    if (work !== undefined && deepest !== undefined)
      return work.trees === 1
        ? { ...child('running', deepest, call, memory, taintOf(work)), exact: work.size === 1 }
        : ambient(work, deepest, call, scope, memory);
  }
  return as('root', { ...own(call), lineage: { root: call.id, depth: 0 }, tree: rootTree(call, endsAtMs) });
};

/**
 * INVARIANT: a call that may belong to a replay is not sent. One that says nothing of its tree may, while its agent works on one. Whoever
 * replays an agent has looked whether it says so.
 */
const maybeReplayed = (agent: string, replay: string, { span }: Scope): Fault => {
  span.set({ 'replay.unplaced': replay });
  return new Fault(
    'conflict',
    `agent \`${agent}\` works on a replay, and this call does not say whether it belongs to it; send back \`${HEADERS.run}\` or \`traceparent\` as they came with what is worked on`,
    { facts: { code: 'REPLAY_UNPLACED' } },
  );
};

const as = (found: Found, place: Place): Placed => ({ found, place, trees: 1, exact: true });

const own = ({ principal, id, lineage }: Caller): Omit<Place, 'tree'> => ({
  tenant: principal.tenant,
  call: id,
  lineage,
});

/** Neither contains a slash. */
export const agentKey = (tenant: string, agent: string): string => `${tenant}/${agent}`;

export const traceKey = (trace: string, agent: string): string => `${trace}//${agent}`;
export const spanKey = (trace: string, span: string, agent: string): string => `${trace}/${span}/${agent}`;

/**
 * By the span that it was handed, or, if its own tracing put one between, by the trace. A trace is no claim about time: what an agent
 * does in the trace of a tree that is over is its own.
 */
const handedBefore = ({ trace }: Call, agent: string, { handed, roots }: Memory, nowMs: number): Place | undefined => {
  if (trace.parentSpan === undefined) return undefined;
  const place = handed.get(spanKey(trace.trace, trace.parentSpan, agent)) ?? handed.get(traceKey(trace.trace, agent));
  if (place === undefined) return undefined;
  const endsAtMs = roots.get(place.tenant, place.lineage.root)?.endsAtMs ?? place.tree.endsAtMs;
  return nowMs < Math.min(endsAtMs, place.tree.endsAtMs) ? place : undefined;
};

const rootTree = (call: Caller, endsAtMs: number): Tree => ({
  origin: call.principal,
  begun: `${call.principal.kind}/${call.principal.id}`,
  hops: [hopOf(call)],
  calls: 1,
  endsAtMs,
});

/** 96 bits: enough to tell payloads of one tree apart, and it travels with every call. */
const DIGITS = 24;

const hopOf = (call: Caller): Hop => {
  const { kind, name, operation } = call.target;
  // Only what an agent is asked can come round again.
  return { target: `${kind}/${name}/${operation}`, digest: kind === 'agent' ? digestOf(call).slice(0, DIGITS) : '' };
};

/** A message of A2A has an id of its own each time: what it says is what can come round. */
const digestOf = ({ body, contentType }: Caller): string => {
  if (body.kind !== 'bytes') return '';
  if (formOf(contentType) !== 'a2a') return payloadDigest(body);
  const payload = payloadOf({ body, contentType });
  const { message } = ('data' in payload ? (payload.data ?? {}) : {}) as { readonly message?: { parts?: unknown } };
  return message?.parts === undefined ? payloadDigest(body) : hash('sha256', JSON.stringify(message.parts), 'hex');
};

const child = (found: Found, parent: Place, call: Caller, { roots }: Memory, changed: Partial<Tree> = {}): Placed => {
  const { root, depth } = parent.lineage;
  const { plan: _, ...tree } = parent.tree;
  return as(found, {
    tenant: parent.tenant,
    call: call.id,
    lineage: { root, parent: parent.call, depth: depth + 1 },
    tree: {
      ...tree,
      hops: [...tree.hops, hopOf(call)],
      calls: tree.calls + 1,
      endsAtMs: Math.min(tree.endsAtMs, roots.get(parent.tenant, root)?.endsAtMs ?? Number.POSITIVE_INFINITY),
      ...changed,
    },
  });
};

/** As deep as the deepest of what the agent works on, in a tree of its own: nobody can say in which of the others. */
const ambient = (work: AgentWork, deepest: Place, call: Caller, { ids }: Scope, memory: Memory): Placed => {
  work.ambient ??= { root: ids.callId(), trees: work.trees };
  const { root, trees } = work.ambient;
  const { place } = child('ambient', deepest, call, memory, {
    origin: work.origin,
    calls: 1,
    ...taintOf(work),
  });
  const { proof: _, ...tree } = place.tree;
  return { found: 'ambient', trees, exact: false, place: { ...place, lineage: { ...place.lineage, root }, tree } };
};

/** Nobody can say for which of its calls an agent does this: all that went into any of them may have gone into it. */
const taintOf = ({ taint }: AgentWork): Pick<Tree, 'taint'> => (taint.length === 0 ? {} : { taint });

const returnedPlace = (call: Caller, token: string, scope: Scope, ground: Ground): Place => {
  const wallMs = scope.clock.wallMs();
  const returned = returnedBy(call.principal, token, ground, wallMs);
  const endsAtMs = scope.clock.nowMs() + returned.endsAtWallMs - wallMs;
  const tree = { ...returned.tree, endsAtMs };
  return { ...returned, tree: returned.own ? tree : proven(tree, call.principal, wallMs, ground) };
};

/** A node of an older version says nothing: then the tree is what is seen here. */
const toldTree = (call: Caller, endsAtMs: number, scope: Scope, ground: Ground): Tree => {
  const nowMs = scope.clock.nowMs();
  const told = call.run === undefined ? undefined : describedFrom(call.run, call.principal.tenant, nowMs);
  if (told !== undefined) return proven(told, call.principal, scope.clock.wallMs(), ground);
  const tree = rootTree(call, endsAtMs);
  return call.lineage.depth === 0 ? tree : { ...tree, origin: null };
};

/** A node adds labels, and takes off none of those that this one knows to be in what the agent works on. */
const labelled = (tree: Tree, { principal, lineage }: Caller, { running }: Memory): Tree => {
  if (principal.kind !== 'agent') return tree;
  const known = running.of(agentKey(principal.tenant, principal.id))?.taintIn(lineage.root) ?? [];
  const missing = known.filter((label) => tree.taint?.includes(label) !== true);
  return missing.length === 0 ? tree : { ...tree, taint: [...(tree.taint ?? []), ...missing].sort() };
};

/** INVARIANT: who began is the caller itself, or somebody for whom a node that may speak for them has signed; else nobody. */
const proven = (tree: Tree, principal: Principal, wallMs: number, { provenOrigin }: Ground): Tree => {
  const { origin, proof } = tree;
  if (origin === null) return tree;
  if (isSame(origin, principal)) return { ...tree, origin: principal };
  const shown = proof === undefined ? undefined : provenOrigin(proof, wallMs);
  return { ...tree, origin: shown !== undefined && isSame(shown, origin) ? shown : null };
};

const isSame = (a: Principal, b: Principal): boolean => a.kind === b.kind && a.tenant === b.tenant && a.id === b.id;

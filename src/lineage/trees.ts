/** The call trees of a node: places each call in one, refuses it when the tree has grown enough, and hands the place on. */
import { type Call, type Endpoint, Fault, HEADERS, type Scope, type Tree } from '../contract/index.ts';
import { invoke, type Layer, Recent, whenEnded } from '../kernel/index.ts';
import { chainOf } from './chain.ts';
import type { Ground } from './ground.ts';
import { grow, throwIfGrown } from './grown.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { agentKey, type Caller, type Memory, type Placed, placeOf, spanKey, traceKey } from './place.ts';
import { RootQuota } from './quota.ts';
import { Roots } from './roots.ts';
import { Running } from './running.ts';
import { describedText, type HandedPlace, handedFrom, handedText, type Place } from './told.ts';

/** Two entries a dispatch. An agent that calls on later than that is placed by its token, or by what it works on. */
const MOST_HANDED = 50_000;

/** One for each node, shared by its pipelines: a tree is older than a snapshot. */
export class Trees {
  readonly #node: string;
  readonly #memory: Memory = { roots: new Roots(), running: new Running(), handed: new Recent(MOST_HANDED) };
  readonly #quota = new RootQuota();
  #ground: Ground | undefined;

  /** `node`: as `via` names it. */
  constructor(node: string) {
    this.#node = node;
  }

  /** What is handed out from now on stands on this. */
  use(ground: Ground): void {
    this.#ground = ground;
  }

  /**
   * Stands before whoever finds the principal: a target whose address is this node gets no credentials, but what was handed to it
   * comes back, and says for how long this would have gone on. Throws `loop_detected`.
   */
  turnedBack({ openRun }: Ground): Layer {
    return (next) => (call, scope) => {
      const opened = call.credential.kind === 'none' && call.run !== undefined ? openRun(call.run) : undefined;
      const handed = opened === undefined || 'elsewhere' in opened || !opened.own ? undefined : handedFrom(opened.text);
      // An agent that forgot its key is told that, unless it asks for itself.
      if (handed === undefined || !isFor(call, handed)) return next(call, scope);
      throw ownAddress(handed, this.#node);
    };
  }

  /** Stands right behind whoever finds the principal, and before anything that costs. Throws `loop_detected`, and what `placeOf` throws. */
  layer(ground: Ground): Layer {
    return (next) => (call, scope) => {
      throwIfPassed(this.#node, call);
      const { principal } = call;
      if (principal === null) return next(call, scope);
      const placed = placeOf({ ...call, principal }, scope, this.#memory, ground);
      note(placed, scope);
      const onward = this.#enter({ ...call, principal }, placed, scope, ground);
      const { place } = placed;
      // Below the first call of a replay nobody is asked, and so nobody works on it.
      const isPlayed = place.tree.replay === true && place.lineage.depth > 0;
      if (call.target.kind !== 'agent' || isPlayed) return next(onward, scope);
      const agent = agentKey(principal.tenant, call.target.name);
      this.#memory.running.add(agent, place);
      return whenEnded(invoke(next, onward, scope), scope.signal, () => this.#memory.running.remove(agent, place));
    };
  }

  /** Headers that tell a target, or the node in front of it, where the call stands. `span` is the parent that it will see. */
  handOver(call: Call, endpoint: Endpoint, span: string, scope: Scope): readonly string[] {
    const { tree, principal, target } = call;
    const ground = this.#ground;
    if (tree === undefined || principal === null || ground === undefined) return [];
    const place = this.#timed({ tenant: principal.tenant, call: call.id, lineage: call.lineage, tree }, call, scope);
    if (target.kind === 'agent') this.#remember(place, call, span);
    // Also where the caller itself began: the next node can show the proof to the one after it, and make none.
    if (endpoint.protocol === 'airspace')
      return [HEADERS.run, describedText(withProof(place.tree, ground), scope.clock.nowMs())];
    if (target.kind !== 'agent') return [];
    const others = ground.speaksElsewhere(place.tenant, target.name);
    const shown = others ? { ...place, tree: withProof(place.tree, ground) } : place;
    return [HEADERS.run, ground.seal(handedText(shown, target.name, scope.clock), others)];
  }

  #enter(call: Caller, { place, found, trees, exact }: Placed, { clock }: Scope, { rules }: Ground): Call {
    const { tenant, lineage, tree } = place;
    const { run: _, ...onward } = call;
    const limits = rules.limitsOf(tenant, call.target);
    const nowMs = clock.nowMs();
    if (found === 'root' && call.principal.kind === 'agent')
      this.#quota.begin(
        tenant,
        call.principal.id,
        rules.limitsOfAgent(tenant, call.principal.id).rootsPerMinute,
        nowMs,
      );
    // Nothing has grown yet, and most roots have no child: what is counted is kept from the first child on.
    if (found === 'own' || lineage.depth === 0) return timely({ ...onward, lineage, tree }, nowMs);
    const root = this.#memory.roots.of(tenant, lineage.root, tree);
    const agent = call.target.kind === 'agent' ? call.target.name : undefined;
    const growing = { place, agent, limits, root, trees, exact, nowMs };
    throwIfGrown(growing);
    const calls = grow(growing);
    return timely({ ...onward, lineage, tree: { ...tree, calls } }, nowMs);
  }

  /** The time that a root was granted is the time of its tree; it is known when the root is sent. */
  #timed(place: Place, { target }: Call, { deadlineMs }: Scope): Place {
    if (place.lineage.depth > 0 || deadlineMs >= place.tree.endsAtMs) return place;
    const timed = { ...place, tree: { ...place.tree, endsAtMs: deadlineMs } };
    if (target.kind === 'agent') this.#memory.running.retime(agentKey(place.tenant, target.name), timed);
    return timed;
  }

  #remember(place: Place, { trace, target }: Call, span: string): void {
    const { handed } = this.#memory;
    const agent = agentKey(place.tenant, target.name);
    handed.set(spanKey(trace.trace, span, agent), place);
    const byTrace = traceKey(trace.trace, agent);
    const before = handed.get(byTrace);
    // Nobody gets higher up in a tree by naming less than it was told.
    const { root, depth } = place.lineage;
    if (before === undefined || before.lineage.root !== root || before.lineage.depth <= depth)
      handed.set(byTrace, place);
  }
}

/** A call that comes by again would come by for ever. */
const throwIfPassed = (node: string, { via }: Call): void => {
  if (!via.includes(node)) return;
  throw new Fault(
    'loop_detected',
    `this call has already passed \`${node}\`: ${[...via, node].join(' -> ')}; look for routes and addresses that point at each other`,
    { facts: { code: 'NODE_LOOP', chain: [...via, node] } },
  );
};

const isFor = ({ target }: Call, { agent }: HandedPlace): boolean => target.kind === 'agent' && target.name === agent;

const ownAddress = ({ agent, tree, lineage }: HandedPlace, node: string): Fault => {
  const chain = [...chainOf(tree), node];
  return new Fault(
    'loop_detected',
    `the address of agent \`${agent}\` is this node itself: ${chain.join(' -> ')}; give it the address at which the agent listens`,
    { facts: { code: 'OWN_ADDRESS', root: lineage.root, chain } },
  );
};

const note = ({ found, place: { lineage, tree } }: Placed, { span }: Scope): void =>
  span.set({
    'tree.root': lineage.root,
    'tree.parent': lineage.parent,
    'tree.depth': lineage.depth,
    ...(found === 'root' ? {} : { 'tree.found': found }),
    chain: chainOf(tree),
  });

/** No call gets more than is left of its tree. A root gets what it always got, unless somebody shortened trees. */
const timely = (call: Call & { readonly tree: Tree }, nowMs: number): Call => {
  const leftMs = call.tree.endsAtMs - nowMs;
  const bounded = call.lineage.depth > 0 || leftMs < DEFAULT_LIMITS.wallMs;
  return bounded ? { ...call, timeoutMs: Math.min(call.timeoutMs ?? Number.POSITIVE_INFINITY, leftMs) } : call;
};

const withProof = (tree: Tree, { prove }: Ground): Tree =>
  tree.origin === null || tree.proof !== undefined ? tree : { ...tree, proof: prove(tree.origin) };

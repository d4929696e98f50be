/** The pipeline that a node runs now: composed anew for each snapshot or roster, while calls under way keep theirs. */

import { type Believed, Origins } from '../../approvals/index.ts';
import { type AuditTrail, auditRefusals, auditSending } from '../../audit/index.ts';
import { Budgets, downgrade, price, Treasury, tightenBy } from '../../budget/index.ts';
import type {
  Call,
  CallJournal,
  CallRecord,
  ChosenProvider,
  Endpoint,
  EventSink,
  Hold,
  NodeEntry,
  OperationEntry,
  Principal,
  Roster,
  Scope,
  Snapshot,
  TargetEntry,
} from '../../contract/index.ts';
import { Fault, treeSeq } from '../../contract/index.ts';
import {
  AssertionVerifier,
  type KeyUse,
  type KnownNodes,
  knownNodes,
  type Proof,
  type Resolver,
  SnapshotResolver,
  type TokenParts,
  TokenVerifier,
} from '../../identity/index.ts';
import { Journal, Reconciler } from '../../journal/index.ts';
import {
  Breaker,
  type BreakerState,
  Gate,
  type Handler,
  type Layer,
  type OverloadLevel,
  RetryBudgets,
  rootScope,
  silentSpan,
  type World,
} from '../../kernel/index.ts';
import type { Halt } from '../../kill/index.ts';
import { treeRules } from '../../lineage/index.ts';
import {
  type Considered,
  consider,
  type FallbackSet,
  Places,
  type PreparedPolicy,
  Rates,
  Trees,
  Versions,
  type Watch,
  type WatchOf,
} from '../../policy/index.ts';
import {
  type CandidatesOf,
  Fleet,
  fallback as handOn,
  type NodeWays,
  type ResolvingParts,
  Resting,
  resolving,
  type Sight,
  sightOf,
} from '../../routing/index.ts';
import { boundsOf, type Parts, timing } from '../../topologies/index.ts';
import { choosing } from './choosing.ts';
import { type Compiled, SnapshotCompiler } from './compiled.ts';
import type { TreeParts } from './trees.ts';

export interface LiveOptions {
  readonly world: World;
  readonly node: string;
  readonly sink: EventSink;
  readonly calls: CallJournal;
  /** Of the node, shared by its pipelines: an order to stop is about the node and not about a snapshot. */
  readonly halt: Halt;
  /** Of the node too: a tree is older than a snapshot. */
  readonly lineage: TreeParts;
  /** Of the node too. */
  readonly trail: AuditTrail;
  /** Reads are written down before they are sent, too. Default false. */
  readonly auditReads?: boolean;
  readonly upstreamFor: (endpoint: Endpoint) => Handler;
  /** What this node sees from its place. */
  readonly view: (snapshot: Snapshot, sight: Sight) => CandidatesOf;
  /** Which way of a route it chooses. Default: it is the hub's way. */
  readonly ways?: NodeWays;
  /** The list of layers. */
  readonly compose: (parts: Parts) => Handler;
  /** Where this node's own questions for facts go. Default: through this pipeline. */
  readonly ask?: Handler;
  /** Where it is noted when keys were last used. Default: nowhere. */
  readonly keyUse?: KeyUse;
  /** How tokens of other issuers are verified. Default: none is believed. */
  readonly tokens?: TokenParts;
  /** Call trees that the node has seen, shared by its pipelines. Default: of this pipeline alone. */
  readonly trees?: Trees;
  /** Nodes that are known besides the roster: the parent, which a roster of its own never lists. */
  readonly neighbours?: readonly NodeEntry[];
  /** Calls in the works at once on this node. Default 4,000: a stream is in the works until its end, and costs little between its chunks. */
  readonly concurrency?: number;
  /** What the node knows about budgets. Default: it has no ledger, and refuses what falls under one. */
  readonly treasury?: Treasury;
  /** Signals of overload, read once per call. Default: never overloaded. */
  readonly overload?: () => OverloadLevel;
  /** Who sees the decisions that are taken with a snapshot. Default: nobody. */
  readonly watch?: (snapshot: Snapshot) => Watch | undefined;
  /** Who sees the decisions of a canary. Default: nobody. */
  readonly watchTrial?: WatchOf;
  /** Shared by the pipelines of a node that run the same snapshots. Default: of this pipeline alone. */
  readonly compiler?: SnapshotCompiler;
  /** Where calls wait for people; `believed` are nodes whose word about approvals counts. Absent: nowhere. */
  readonly hold?: (believed: Believed) => Hold;
  /** Where this node stands: inside of which domain it may be told about approvals. Absent: at the root, and told by nobody. */
  readonly place?: { readonly tenant: string; readonly domain: string };
  /** What can be called where the node stands, for whoever asks for a capability. Default: everything. */
  readonly reaches?: (target: TargetEntry) => boolean;
  /** What became of calls whose outcome was unknown. */
  readonly onReconcile?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Answers calls of replays. Absent: this node replays nothing. */
  readonly replays?: Layer;
  /** Writes down what limits of policy want written down. Default: nobody does. */
  readonly payloads?: Layer;
  readonly onBreaker?: (tenant: string, endpoint: string, from: BreakerState, to: BreakerState) => void;
  /** Hears of each new breaker before a call does. */
  readonly onBreakerBorn?: (tenant: string, endpoint: string, breaker: Breaker) => void;
}

interface Current {
  readonly snapshot: Snapshot;
  readonly policy: PreparedPolicy;
  readonly handler: Handler;
  readonly planOf: Compiled['planOf'];
  readonly resolver: Resolver;
  readonly tokens: TokenVerifier | undefined;
  readonly fallback: readonly FallbackSet[];
  readonly considered: (call: Call, scope: Scope) => Promise<Considered>;
  readonly known: KnownNodes;
  /** Who gets a call for a capability. */
  readonly choose: ResolvingParts['choose'];
}

export class LivePipeline {
  readonly fleet: Fleet;
  readonly journal: Journal;
  readonly reconciler: Reconciler;
  readonly gate: Gate;
  /** Who is behind calls outlives snapshots too. */
  readonly origins = new Origins();
  readonly #options: LiveOptions;
  readonly #budgets = new RetryBudgets();
  readonly #treasury: Treasury;
  /** New configuration forgives nobody. */
  readonly #rates = new Rates();
  readonly #places = new Places();
  readonly #resting = new Resting();
  readonly #trees: Trees;
  readonly #versions = new Versions();
  readonly #compiler: SnapshotCompiler;
  readonly #watchers = new Set<() => void>();
  #current: Current | undefined;
  #tokens: { readonly snapshot: Snapshot; readonly verifier: TokenVerifier } | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#trees = options.trees ?? new Trees();
    this.#compiler = options.compiler ?? new SnapshotCompiler(options.watchTrial);
    const { world } = options;
    this.#treasury = options.treasury ?? new Treasury({ ledger: null, clock: world.clock });
    this.fleet = new Fleet((endpoint, { tenant }) => {
      const breaker = new Breaker({
        endpoint,
        random: world.random,
        onTransition: (id, from, to) => options.onBreaker?.(tenant, id, from, to),
      });
      options.onBreakerBorn?.(tenant, endpoint, breaker);
      return breaker;
    }, options.ways ?? 'hub');
    this.gate = new Gate({
      limit: options.concurrency ?? 4_000,
      priorityOf: (call) => (isOwnQuestion(call) ? 0 : (this.#current?.planOf(call).priority ?? 2)),
      ...(options.overload === undefined ? {} : { level: options.overload }),
    });
    this.journal = new Journal({
      store: options.calls,
      world,
      handler: () => this.handler,
      unknown: (tenant, id) => this.reconciler.soon(tenant, id),
    });
    this.reconciler = new Reconciler({
      store: options.calls,
      world,
      handler: () => this.handler,
      operationOf: (record) => operationIn(this.#current?.snapshot, record),
      replay: (record) => this.journal.replay(record),
      note: options.onReconcile ?? (() => {}),
    });
  }

  /** Sets of rules that cedar-wasm evaluated, because an operator in them is unknown to our engine. */
  get fallbacks(): number {
    return this.#compiler.fallbacks;
  }

  /** Which sets those are, of the snapshot in force. */
  get fallbackSets(): readonly FallbackSet[] {
    return this.#current?.fallback ?? [];
  }

  /** Who is a member, and of what; undefined before the first snapshot. */
  get known(): KnownNodes | undefined {
    return this.#current?.known;
  }

  get snapshot(): Snapshot | undefined {
    return this.#current?.snapshot;
  }

  /** INVARIANT: without a snapshot every call is refused. Missing means no. */
  readonly handler: Handler = (call, scope) => {
    if (this.#current === undefined) {
      return Promise.reject(new Fault('stale', 'this node has no configuration yet; wait until it has joined its hub'));
    }
    return this.#current.handler(call, scope);
  };

  /** For doors that act without a call. Who is under an order to stop is nobody there. */
  get resolver(): Resolver {
    if (this.#current === undefined) throw new Fault('stale', 'this node has no configuration yet');
    const { resolver } = this.#current;
    const { halt } = this.#options;
    return {
      resolve: (credential, wallMs) => {
        const found = resolver.resolve(credential, wallMs);
        if (!(found instanceof Promise)) return halt.admit(found, wallMs);
        return found.then((principal) => halt.admit(principal, wallMs));
      },
    };
  }

  /** Who claims that were verified once stand for by now; undefined for nobody. Throws `denied` for who is under an order to stop. */
  principalOf({ tenant, provider, claims }: Extract<Proof, { kind: 'claims' }>, wallMs: number): Principal | undefined {
    const found = this.#current?.tokens?.principalOf(tenant, provider, claims);
    return found === undefined ? undefined : this.#options.halt.admit(found, wallMs);
  }

  /** What is decided by now, for questions beside calls. */
  get inForce(): Pick<Current, 'snapshot' | 'policy' | 'planOf'> {
    if (this.#current === undefined) throw new Fault('stale', 'this node has no configuration yet');
    return this.#current;
  }

  /** Who would get a call for a capability by now. Throws `not_found`, `bad_request`, `denied`. */
  choose(...asked: Parameters<ResolvingParts['choose']>): ChosenProvider {
    if (this.#current === undefined) throw new Fault('stale', 'this node has no configuration yet');
    return this.#current.choose(...asked);
  }

  /** What policy makes of a call by now, without letting it go. */
  consider(call: Call): Promise<Considered> {
    if (this.#current === undefined) throw new Fault('stale', 'this node has no configuration yet');
    const { world } = this.#options;
    return this.#current.considered(call, rootScope(world, silentSpan(world.ids.spanId())).scope);
  }

  /** Calls back after each new state, until what it answers is called. */
  onAdopt(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  /** Swaps in new state at once, or throws and keeps the old: a snapshot that does not compile here is refused whole. */
  adopt(snapshot: Snapshot, roster: Roster): void {
    this.prepare(snapshot, roster)();
  }

  /** Does all that can fail; what it returns puts the new state in force and cannot. */
  prepare(snapshot: Snapshot, roster: Roster): () => void {
    const options = this.#options;
    const { policy, trials, planOf, fallback } = this.#compiler.of(snapshot);
    const sight = sightOf(snapshot, roster);
    const nodes = new Map([...roster.nodes, ...(options.neighbours ?? [])].map((node) => [node.id, node]));
    const known = knownNodes(snapshot, (id) => nodes.get(id));
    const tokens = options.tokens === undefined ? undefined : this.#tokensOf(snapshot, options.tokens);
    const resolver = new SnapshotResolver(snapshot.keys, {
      assertions: new AssertionVerifier(options.node, known),
      ...(tokens === undefined ? {} : { tokens }),
      uses: options.keyUse,
    });
    const callTrees = options.lineage.trees;
    const rules = treeRules(snapshot);
    const ground = options.lineage.groundOf(snapshot, rules, known, nodes.values());
    const candidates = options.view(snapshot, sight);
    const watch = options.watch?.(snapshot);
    const budgets = new Budgets(snapshot);
    const believed: Believed = (id) => {
      const node = nodes.get(id);
      return node !== undefined && speaksForPeople(node, options.place, known) ? node.publicKey : undefined;
    };
    const chooses = choosing({
      ...{ snapshot, policy, planOf, fleet: this.fleet, halt: options.halt, clock: options.world.clock },
      resting: this.#resting,
      domain: options.place?.domain ?? '',
      reaches: options.reaches,
    });
    const parts: Parts = {
      node: options.node,
      sink: options.sink,
      snapshotSeq: treeSeq(snapshot),
      bounds: boundsOf(snapshot),
      turnedBack: callTrees.turnedBack(ground),
      resolving: resolving({
        ...chooses,
        ...timing({ planOf }),
        resting: this.#resting,
        kept: (...asked) => this.journal.kept(...asked),
      }),
      lineage: callTrees.layer(ground),
      intersects: rules.intersects,
      replays: options.replays,
      halt: options.halt.layer,
      audit: {
        refusals: auditRefusals(options.trail, options.node),
        sending: auditSending({
          trail: options.trail,
          node: options.node,
          planOf,
          strict: options.auditReads ?? false,
        }),
      },
      origins: this.origins.layer,
      hold: options.hold?.(believed),
      resolver,
      policy,
      watch,
      trials,
      versions: this.#versions,
      trees: this.#trees,
      rates: this.#rates,
      places: this.#places,
      planOf,
      gate: this.gate,
      budgets: this.#budgets,
      ...this.#paying(snapshot, budgets, planOf),
      fallback: snapshot.targets.some((target) => (target.fallback ?? []).length > 0)
        ? handOn({ planOf, runsAlone: (id) => this.journal.runsAlone(id) })
        : undefined,
      record: this.journal.layer(planOf),
      payloads: options.payloads,
      fleet: this.fleet,
      // The same snapshot to the end: a call and the facts about it are never decided by two.
      ask: options.ask ?? ((call, scope) => handler(call, scope)),
      upstreamFor: options.upstreamFor,
    };
    const handler: Handler = options.compose(parts);
    const considered = consider(parts);
    const { choose } = chooses;
    return () => {
      callTrees.use(ground);
      this.fleet.swap(snapshot.targets, candidates);
      this.#current = { snapshot, policy, handler, planOf, resolver, tokens, fallback, considered, known, choose };
      this.#treasury.adopt(budgets);
      // Last: whoever waits for this snapshot goes on at once.
      const inForce = { snapshotSeq: treeSeq(snapshot), active: policy, trials, watch };
      this.#versions.adopt(inForce, options.world.clock.nowMs());
      for (const changed of this.#watchers) changed();
    };
  }

  /** A configuration without prices and budgets pays for neither. */
  #paying(snapshot: Snapshot, budgets: Budgets, planOf: Parts['planOf']): Partial<Parts> {
    const treasury = this.#treasury;
    const isPriced = snapshot.targets.some(({ operations }) => operations.some((one) => one.price !== undefined));
    const { budgets: entries = [] } = snapshot;
    if (entries.length === 0 && !isPriced) return {};
    const pricing = price({ planOf, treasury, budgets, node: this.#options.node });
    if (entries.length === 0) return { price: pricing };
    const moves = entries.some(({ soft }) => soft?.do === 'model');
    return {
      price: pricing,
      tighten: tightenBy(treasury, budgets),
      ...(moves && treasury.ledger !== null ? { downgrade: downgrade({ planOf, treasury, budgets }) } : {}),
    };
  }

  /** Nor about who is believed. */
  #tokensOf(snapshot: Snapshot, parts: TokenParts): TokenVerifier {
    if (this.#tokens?.snapshot !== snapshot) this.#tokens = { snapshot, verifier: new TokenVerifier(snapshot, parts) };
    return this.#tokens.verifier;
  }
}

/**
 * The root speaks for the people of everybody, and a domain hub for those inside of its domain: whoever lies there deceives its own
 * domain only. Upwards nobody is believed, and there the call is asked about anew.
 */
const speaksForPeople = (
  { role, tenant, domain }: NodeEntry,
  place: LiveOptions['place'],
  { isWithin }: KnownNodes,
): boolean =>
  place !== undefined &&
  (role === 'hub' || (role === 'domain' && tenant === place.tenant && isWithin(tenant, place.domain, domain)));
const operationIn = (snapshot: Snapshot | undefined, { tenant, target }: CallRecord): OperationEntry | undefined =>
  snapshot?.targets
    .find((one) => one.tenant === tenant && one.kind === target.kind && one.name === target.name)
    ?.operations.find(({ name }) => name === target.operation);

/** A fact that a call of this node waits for. The call has its turn already: if its question had to wait for one too, a full node would stand still. */
const isOwnQuestion = ({ credential }: Call): boolean =>
  credential.kind === 'known' && credential.principal.kind === 'node';

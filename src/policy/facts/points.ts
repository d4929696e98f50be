/**
 * Asks information points for the facts that a decision needs, as calls like any other: identified, decided, routed, traced.
 *
 * Loops cannot happen: who asks may call nothing but what a fact asks, and such an operation is served by no fact, so deciding
 * it asks nobody. The depth of the call tree bounds what an information point calls in its turn.
 */
import {
  type Call,
  FACT_READER,
  type FactEntry,
  type FactSource,
  Fault,
  type Reply,
  type Scope,
  type Tree,
} from '../../contract/index.ts';
import { type Handler, invoke, payloadOf, throwIfOver } from '../../kernel/index.ts';
import { argumentsSeen } from '../view.ts';
import { declaredPart, type FactAnswers } from './context.ts';
import { at } from './pointer.ts';

/** Answers kept, over all facts with a `cacheMs`; the oldest is forgotten first. */
const MAX_CACHED = 10_000;

/** An answer longer than this is no fact. */
const MAX_ANSWER_BYTES = 1_000_000;

class Unavailable extends Error {
  readonly fact: string;
  constructor(fact: string, why: string) {
    super(why);
    this.fact = fact;
  }
}

interface Asking {
  readonly call: Call;
  readonly scope: Scope;
}

/** One for each pipeline, and so for each snapshot: what was answered under another configuration is forgotten with it. */
export class InformationPoints {
  readonly #ask: Handler;
  readonly #cache = new Map<string, { readonly data: unknown; readonly untilMs: number }>();

  /** `ask` takes calls of `FACT_READER` through the whole pipeline of this node. */
  constructor(ask: Handler) {
    this.#ask = ask;
  }

  /**
   * Each fact once, all at the same time but for those that need others first: they come later in `facts`.
   * Throws only when the call itself is over; what cannot be had is part of the answer.
   */
  async gather(facts: readonly FactEntry[], call: Call, scope: Scope): Promise<FactAnswers> {
    const asked = new Map<string, Promise<unknown>>();
    for (const fact of facts) asked.set(fact.name, this.#one(fact, asked, { call, scope }));
    const settled = await Promise.allSettled(asked.values());
    throwIfOver(scope);
    const failed = settled.find((each) => each.status === 'rejected');
    const values = facts.flatMap(({ name, type }, index) => {
      const each = settled[index];
      return each?.status === 'fulfilled' ? [[name, declaredPart(type, each.value)]] : [];
    });
    return {
      values: Object.fromEntries(values),
      ...(failed === undefined ? {} : { failed: failureOf(failed.reason) }),
    };
  }

  async #one(fact: FactEntry, others: ReadonlyMap<string, Promise<unknown>>, asking: Asking): Promise<unknown> {
    if (fact.ask === null) return taken(fact, fact.value);
    const body = JSON.stringify(await bodyOf(fact, fact.ask.body, others, asking.call));
    const { clock } = asking.scope;
    // A release on trial may ask under the same name for something else, and keep it for another time.
    const question = [fact.name, fact.ask.target, fact.take, fact.cacheMs];
    const { principal, session, tree, lineage } = asking.call;
    // What was recorded for one replay is no answer in another one.
    const replay = tree?.replay === true ? lineage.root : '';
    const key = JSON.stringify([principal?.tenant, ...question, session, replay, body]);
    const known = fact.cacheMs === 0 ? undefined : this.#cache.get(key);
    if (known !== undefined && clock.nowMs() < known.untilMs) {
      asking.scope.span.step('fact', clock.nowMs(), { fact: fact.name, outcome: 'cached' });
      return known.data;
    }
    const data = taken(fact, await this.#answer(fact, fact.ask.target, body, asking));
    if (fact.cacheMs > 0) this.#keep(key, { data, untilMs: clock.nowMs() + fact.cacheMs });
    return data;
  }

  async #answer(fact: FactEntry, target: Call['target'], body: string, { call, scope }: Asking): Promise<unknown> {
    const startMs = scope.clock.nowMs();
    const span = scope.ids.spanId();
    const question = questionOf(call, scope.ids.callId(), span, target, body);
    const note = (outcome: string): void =>
      scope.span.step(
        'fact',
        startMs,
        { fact: fact.name, target: `${target.kind}/${target.name}/${target.operation}`, call: question.id, outcome },
        span,
      );
    try {
      const data = jsonOf(fact, await invoke(this.#ask, question, scope));
      note('ok');
      return data;
    } catch (thrown) {
      const why = thrown instanceof Unavailable ? thrown : becauseOf(fact, target, Fault.from(thrown));
      note(thrown instanceof Unavailable ? 'unusable' : Fault.from(thrown).code);
      throw why;
    }
  }

  #keep(key: string, answer: { readonly data: unknown; readonly untilMs: number }): void {
    this.#cache.delete(key);
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(key, answer);
  }
}

const failureOf = (thrown: unknown): NonNullable<FactAnswers['failed']> => {
  if (thrown instanceof Unavailable) return { fact: thrown.fact, why: thrown.message };
  throw thrown;
};

/** Faults of the target's own pipeline say whose they are; their text is ours, not the target's. */
const becauseOf = (fact: FactEntry, { kind, name, operation }: Call['target'], { code, message }: Fault): Unavailable =>
  new Unavailable(fact.name, `\`${operation}\` of ${kind} \`${name}\` gave no answer (${code}): ${message}`);

const bodyOf = async (
  fact: FactEntry,
  fields: Readonly<Record<string, FactSource>>,
  others: ReadonlyMap<string, Promise<unknown>>,
  call: Call,
): Promise<Record<string, unknown>> => {
  const body: [string, unknown][] = [];
  for (const [field, source] of Object.entries(fields)) body.push([field, await partOf(fact, source, others, call)]);
  return Object.fromEntries(body);
};

const partOf = async (
  fact: FactEntry,
  source: FactSource,
  others: ReadonlyMap<string, Promise<unknown>>,
  call: Call,
): Promise<unknown> => {
  if ('value' in source) return source.value;
  if ('fact' in source)
    return present(fact, at(await others.get(source.fact), source.at), `fact \`${source.fact}\``, source.at);
  const payload = argumentsSeen(call);
  if ('problem' in payload) throw new Unavailable(fact.name, `the payload ${payload.problem}`);
  return present(fact, at(payload.data, source.argument), 'the payload', source.argument);
};

const present = (fact: FactEntry, value: unknown, where: string, pointer: string): unknown => {
  if (value === undefined) throw new Unavailable(fact.name, `${where} has nothing at \`${pointer}\``);
  return value;
};

/** Says nothing of the caller but its conversation: the point is asked on behalf of policy. */
const questionOf = (call: Call, id: string, span: string, target: Call['target'], body: string): Call => ({
  id,
  credential: {
    kind: 'known',
    principal: { kind: 'node', tenant: call.principal?.tenant ?? '', id: FACT_READER, roles: [] },
  },
  principal: null,
  target,
  contentType: 'application/json',
  accept: 'application/json',
  body: { kind: 'bytes', bytes: new TextEncoder().encode(body) },
  headers: [],
  trace: { ...call.trace, parentSpan: span },
  lineage: { root: call.lineage.root, parent: call.id, depth: call.lineage.depth + 1 },
  ...(call.tree === undefined ? {} : { tree: treeBelow(call.tree, target) }),
  ...(call.session === undefined ? {} : { session: call.session }),
  priority: call.priority,
  stream: false,
  via: [],
  retriedElsewhere: false,
});

const treeBelow = (tree: Tree, { kind, name, operation }: Call['target']): Tree => ({
  ...tree,
  hops: [...tree.hops, { target: `${kind}/${name}/${operation}`, digest: '' }],
});

const jsonOf = (fact: FactEntry, reply: Reply): unknown => {
  if (reply.outcome !== 'ok') throw new Unavailable(fact.name, `it was answered with status ${reply.status}`);
  if (reply.body.kind === 'bytes' && reply.body.bytes.byteLength > MAX_ANSWER_BYTES)
    throw new Unavailable(fact.name, `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
  const payload = payloadOf(reply);
  if ('problem' in payload) throw new Unavailable(fact.name, `the answer ${payload.problem}`);
  return payload.data;
};

const taken = (fact: FactEntry, answer: unknown): unknown =>
  present(fact, at(answer, fact.take), 'the answer', fact.take);

/**
 * Gives a call for a model to the next one of its chain, when the model cannot take it and nothing ran. It stands before the decision:
 * each model is another target, so policy, budgets and prices are asked about each anew.
 */
import { type Call, Fault, type FaultCode, HEADERS, type Reply, type RoutePlan } from '../contract/index.ts';
import { bytesOf, exactJson, invoke, type Layer, payloadOf, remainingMs } from '../kernel/index.ts';

export interface FallbackParts {
  /** Throws `not_found`. */
  readonly planOf: (call: Call) => RoutePlan;
  /** Does the call run by itself, with a record of its own that says how its one run ended? */
  readonly runsAlone: (id: string) => boolean;
}

/** The model has no room, is not there, or says itself that it did not run the call. */
const CANNOT: ReadonlySet<FaultCode> = new Set(['unavailable', 'unreachable', 'overloaded', 'refused']);
/** And what speaks against the next one only, so that the one after it is asked. */
const SKIPS: ReadonlySet<FaultCode> = new Set([
  ...CANNOT,
  'bad_request',
  'denied',
  'approval_required',
  'budget_exhausted',
  'rate_limited',
  'not_found',
]);

export const fallback =
  (parts: FallbackParts): Layer =>
  (next) =>
  async (call, scope) => {
    const chain = chainOf(parts, call);
    if (chain.length === 0) return next(call, scope);
    const first = await tried(() => invoke(next, call, scope));
    if (!(first instanceof Fault)) return first;
    if (first.executed !== 'no' || !CANNOT.has(first.code)) throw first;
    const passed = [`${call.target.name}: ${first.code}`];
    for (const [at, model] of chain.entries()) {
      if (scope.signal.reason !== undefined || remainingMs(scope) <= 0) break;
      const startMs = scope.clock.nowMs();
      const moved = movedTo(model, call, at + 1);
      const outcome = await tried(() => invoke(next, moved, scope));
      const code = outcome instanceof Fault ? outcome.code : '';
      scope.span.step('fallback', startMs, { from: call.target.name, to: model, because: first.code, code });
      if (!(outcome instanceof Fault)) {
        scope.span.set({ 'model.fallback': `${call.target.name} -> ${model}` });
        return told(outcome, model, call, first);
      }
      // It may have run: another one would make it run twice.
      if (outcome.executed !== 'no' || !SKIPS.has(outcome.code)) throw outcome;
      passed.push(`${model}: ${outcome.code}`);
    }
    throw withChain(first, passed);
  };

/**
 * Only the node where a call enters moves it. Not moved are calls whose record, approval or earlier turn is about this model, and those
 * whose payload can be read only once.
 */
const chainOf = ({ planOf, runsAlone }: FallbackParts, call: Call): readonly string[] => {
  if (call.target.kind !== 'model' || call.via.length > 0 || call.body.kind === 'stream') return [];
  const isBound =
    call.pin !== undefined || call.grant !== undefined || call.detach === true || call.idempotencyKey !== undefined;
  if (isBound || runsAlone(call.id)) return [];
  const { target, operation } = planOf(call);
  return operation.effect === 'read' ? (target.fallback ?? []) : [];
};

const tried = async (work: () => Promise<Reply>): Promise<Reply | Fault> => {
  try {
    return await work();
  } catch (thrown) {
    return Fault.from(thrown);
  }
};

/** Another body in any case: permits and reservations are for one body. */
const movedTo = (model: string, call: Call, move: number): Call => ({
  ...call,
  target: { ...call.target, name: model },
  move,
  body: { kind: 'bytes', bytes: renamed(model, call) },
});

/** Model APIs name the model in the payload too. Only the name that the call came for is replaced. */
const renamed = (model: string, { body, contentType, target }: Call): Uint8Array => {
  const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array(0);
  if ('problem' in payloadOf({ body, contentType })) return bytes;
  const json = exactJson(bytes);
  const isNamed = typeof json === 'object' && json !== null && (json as { model?: unknown }).model === target.name;
  return isNamed ? bytesOf({ ...json, model }) : bytes;
};

const told = (reply: Reply, model: string, { target }: Call, { code }: Fault): Reply => ({
  ...reply,
  headers: [...reply.headers, [HEADERS.fallback, `${model}; instead-of=${target.name}; because=${code}`]],
});

const withChain = (fault: Fault, passed: readonly string[]): Fault => {
  const { code, message, executed, retryAfterMs, cause, remote, facts } = fault;
  const rest = { executed, cause, remote, facts: { ...facts, fallback: passed } };
  return new Fault(code, message, retryAfterMs === undefined ? rest : { ...rest, retryAfterMs });
};

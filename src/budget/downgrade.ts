/**
 * Moves calls for a model to the cheaper one that a budget names, once its soft limit is reached. It stands before the decision:
 * policy is asked about the model that will really be called, and the permit is for its bytes.
 */
import type { Call, RoutePlan } from '../contract/index.ts';
import { bytesOf, exactJson, type Layer, payloadOf } from '../kernel/index.ts';
import type { Budgets } from './accounts.ts';
import type { Treasury } from './treasury.ts';

export interface DowngradeParts {
  /** Throws `not_found`: a model without the operation of the call takes none of its calls. */
  readonly planOf: (call: Call) => RoutePlan;
  readonly treasury: Treasury;
  readonly budgets: Budgets;
}

/** Which budget class a call is in is for policy to say, and it has not spoken yet: budgets of a class move nobody. */
export const downgrade =
  ({ planOf, treasury, budgets }: DowngradeParts): Layer =>
  (next) =>
  async (call, scope) => {
    if (call.target.kind !== 'model' || call.via.length > 0) return next(call, scope);
    const movable = budgets
      .sharesOf(call, undefined, scope.clock.wallMs())
      .filter(({ budget }) => budget.soft?.do === 'model' && budget.soft.model !== call.target.name);
    if (movable.length === 0) return next(call, scope);
    const [reached] = await treasury.beyondSoft(movable);
    if (reached === undefined) return next(call, scope);
    const moved = movedTo(reached.budget.soft!.model, call);
    if (!isCallable(planOf, moved)) return next(call, scope);
    scope.span.set({ 'budget.moved': `${call.target.name} -> ${moved.target.name}` });
    return next(moved, scope);
  };

const movedTo = (model: string, call: Call): Call => ({
  ...call,
  target: { ...call.target, name: model },
  ...renamed(model, call),
});

/** Model APIs name the model in the payload too. Only the name that the call came for is replaced. */
const renamed = (model: string, call: Call): Pick<Call, 'body'> | Record<string, never> => {
  const payload = payloadOf(call);
  if ('problem' in payload || call.body.kind === 'stream') return {};
  const json = exactJson(call.body.bytes);
  if (typeof json !== 'object' || json === null || (json as { model?: unknown }).model !== call.target.name) return {};
  return { body: { kind: 'bytes', bytes: bytesOf({ ...json, model }) } };
};

const isCallable = (planOf: DowngradeParts['planOf'], call: Call): boolean => {
  try {
    planOf(call);
    return true;
  } catch {
    return false;
  }
};

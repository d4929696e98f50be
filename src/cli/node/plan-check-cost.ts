/** What a step may come to before it is a call: by the same arithmetic as calls, where its payload is known. */
import { type Foreseen, foresee, type Treasury } from '../../budget/index.ts';
import type { Principal, Snapshot, Target } from '../../contract/index.ts';
import type { Called } from '../../plans/index.ts';

export interface CostQuestion {
  readonly snapshot: Pick<Snapshot, 'targets'>;
  readonly learned: Pick<Treasury['learned'], 'p95'>;
  readonly caller: Principal;
  readonly called: Called;
  readonly payload: { readonly json: unknown } | undefined;
}

/** Undefined: nobody can say, because tokens decide and the payload is not known, or because another plan is called. */
export const foreseen = ({ snapshot, learned, caller, called, payload }: CostQuestion): Foreseen | undefined => {
  if (called.isPlan) return undefined;
  const target = targetIn(snapshot, caller.tenant, called.target);
  if (target === undefined) return undefined;
  const usual = learned.p95(`${caller.kind}/${caller.id}`, called.target.name);
  return foresee({ target, operation: called.operation }, sizedOf(payload), usual);
};

export const targetIn = (
  { targets }: Pick<Snapshot, 'targets'>,
  tenant: string,
  { kind, name }: Pick<Target, 'kind' | 'name'>,
): Snapshot['targets'][number] | undefined =>
  targets.find((one) => one.tenant === tenant && one.kind === kind && one.name === name);

const sizedOf = (payload: CostQuestion['payload']): Parameters<typeof foresee>[1] =>
  payload === undefined
    ? undefined
    : {
        contentType: 'application/json',
        body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(payload.json) ?? 'null') },
      };

/** Null as soon as one of them is not known. */
export const sumOf = (amounts: readonly (number | null)[]): number | null =>
  amounts.reduce<number | null>((sum, amount) => (sum === null || amount === null ? null : sum + amount), 0);

/** Nothing is nothing, however often. */
export const times = (amount: number | null, count: number | null): number | null =>
  amount === 0 ? 0 : amount === null || count === null ? null : amount * count;

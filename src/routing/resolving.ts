/** The layer that turns a capability into a target, before anything is asked about that target: what stands below never sees a capability. */
import {
  type AskedCapability,
  askedText,
  type Call,
  type ChosenProvider,
  Fault,
  HEADERS,
  type Principal,
  type Reply,
  type Scope,
} from '../contract/index.ts';
import type { Layer } from '../kernel/index.ts';
import {
  type Answered,
  type Caller,
  type FailoverParts,
  failover,
  heardFrom,
  noteTarget,
  targetText,
} from './failover.ts';

export interface ResolvingParts extends FailoverParts {
  /** Who gets it, by now. Throws `not_found`, `bad_request`, and `denied` for who is under an order to stop. */
  readonly choose: (principal: Principal, asked: AskedCapability, wallMs: number) => ChosenProvider;
  /**
   * What was chosen under the idempotency key of the call before, or else what `choose` answers, remembered. Throws
   * `idempotency_mismatch` when something else was asked under the key.
   */
  readonly kept: (call: Call, asked: AskedCapability, choose: () => ChosenProvider) => Promise<ChosenProvider>;
}

/** Behind `identify`. A call for a target passes by; of a step, whose plan may have asked for a capability, it is heard how it went. */
export const resolving =
  (parts: ResolvingParts): Layer =>
  (next) =>
  (call, scope) => {
    if (call.capability !== undefined) return resolved(parts, next, call, scope);
    return call.step === undefined ? next(call, scope) : watched(parts, next, call, scope);
  };

const watched = async (
  { resting }: ResolvingParts,
  next: Parameters<Layer>[0],
  call: Call,
  scope: Scope,
): Promise<Reply> => {
  const outcome = await heardFrom(resting, next, identified(call), scope);
  if (outcome instanceof Fault) throw outcome;
  return outcome;
};

const resolved = async (
  parts: ResolvingParts,
  next: Parameters<Layer>[0],
  call: Call,
  scope: Scope,
): Promise<Reply> => {
  const { asked } = call.capability!;
  const startMs = scope.clock.nowMs();
  scope.span.set({ capability: askedText(asked) });
  try {
    const caller = identified(call);
    const chosen = await chosenFor(parts, caller, scope);
    const provider = targetText(chosen.target);
    const { version, because } = chosen;
    scope.span.step('resolve', startMs, { capability: askedText(asked), provider, version, because });
    noteTarget(chosen, scope);
    return labelled(await failover(parts, next, { call: caller, asked, chosen }, scope), asked);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.executed === 'no') scope.span.set({ 'capability.code': fault.code });
    throw thrown;
  }
};

const identified = (call: Call): Caller => {
  const { principal } = call;
  if (principal === null) throw new Fault('unauthenticated', 'nobody knows who calls, so nothing can be looked up');
  return { ...call, principal };
};

const chosenFor = async (parts: ResolvingParts, call: Caller, scope: Scope): Promise<ChosenProvider> => {
  const { capability, principal, idempotencyKey } = call;
  const { asked, chosen } = capability!;
  const choose = (): ChosenProvider => chosen ?? parts.choose(principal, asked, scope.clock.wallMs());
  if (idempotencyKey === undefined) return choose();
  const kept = await parts.kept(call, asked, choose);
  if (chosen === undefined || targetText(chosen.target) === targetText(kept.target)) return kept;
  // The door has written the payload for another target by now.
  throw new Fault(
    'conflict',
    `under this idempotency key \`${askedText(asked)}\` went to \`${targetText(kept.target)}\`, which is not what it would go to now; name that target, or take another key`,
  );
};

const labelled = ({ reply, by, instead }: Answered, asked: AskedCapability): Reply => ({
  ...reply,
  headers: [...reply.headers, [HEADERS.capability, told(by, asked) + insteadOf(instead)]],
  ...(asked.range === null ? { notes: [...(reply.notes ?? []), 'capability-without-range'] } : {}),
});

const told = ({ target, version }: ChosenProvider, { name }: AskedCapability): string =>
  `${name}@${version}; provider=${targetText(target)}`;

const insteadOf = (instead: Answered['instead']): string =>
  instead === undefined ? '' : `; instead-of=${targetText(instead.of.target)}; because=${instead.because}`;

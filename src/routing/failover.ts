/**
 * Gives a call for a capability to the next provider of the same version, when the place of the first cannot take it and nothing ran.
 * Everything below is asked about each of them anew: it is another target.
 */
import {
  type AskedCapability,
  type Call,
  type ChosenProvider,
  Fault,
  type FaultCode,
  type Principal,
  type Reply,
  type Scope,
  type Target,
} from '../contract/index.ts';
import { type Handler, invoke, remainingMs } from '../kernel/index.ts';
import type { Resting } from './resting.ts';

export interface FailoverParts {
  /** Who gets it instead of those that could not take it, the first choice first. Undefined: nobody is left. */
  readonly instead: (
    principal: Principal,
    asked: AskedCapability,
    tried: readonly ChosenProvider[],
    wallMs: number,
  ) => ChosenProvider | undefined;
  /** What configuration grants a call for its target, in milliseconds. */
  readonly limitMs: (call: Call) => number;
  /** Hears how it went with each provider. */
  readonly resting: Resting;
}

/** A call of somebody known. */
export type Caller = Call & { readonly principal: Principal };

/** A call as it came, and who was chosen for it. */
export interface Asked {
  readonly call: Caller;
  readonly asked: AskedCapability;
  readonly chosen: ChosenProvider;
}

/** Who answered, and instead of whom. */
export interface Answered {
  readonly reply: Reply;
  readonly by: ChosenProvider;
  readonly instead?: { readonly of: ChosenProvider; readonly because: FaultCode };
}

interface Walk extends Asked {
  readonly parts: FailoverParts;
  readonly next: Handler;
  readonly scope: Scope;
  readonly startMs: number;
}

interface Tried {
  readonly provider: ChosenProvider;
  readonly fault: Fault;
}

/**
 * What says that the place is away. `overloaded` and `refused` do not: it is there and busy, and whoever sent its calls on would bring
 * the load to the next one. Nor does any other answer, a denial least of all: else one provider after the other could be asked until
 * one has no such rule.
 */
const AWAY: ReadonlySet<FaultCode> = new Set(['unavailable', 'unreachable']);
/** As many as the tries of one target (R1). */
const MOST_PROVIDERS = 3;

/** Throws what the last one asked has said; when none of them is there, what the first one has said. Its fact `providers` has all of them. */
export const failover = (parts: FailoverParts, next: Handler, asked: Asked, scope: Scope): Promise<Answered> =>
  askedAt(asked.chosen, [], { ...asked, parts, next, scope, startMs: scope.clock.nowMs() });

/** Its place cannot take the call, and nothing ran. */
export const isAway = ({ code, executed }: Fault): boolean => executed === 'no' && AWAY.has(code);

const askedAt = async (provider: ChosenProvider, before: readonly Tried[], walk: Walk): Promise<Answered> => {
  const { parts, next, scope } = walk;
  const outcome = await heardFrom(parts.resting, next, sentTo(provider, before, walk), scope);
  if (!(outcome instanceof Fault)) return { reply: outcome, by: provider, ...insteadOf(before[0]) };
  const tried = [...before, { provider, fault: outcome }];
  if (!isAway(outcome)) throw withTried(outcome, tried);
  const by = timeLeft(walk) > 0 ? nextOf(providersOf(tried), walk) : undefined;
  if (by !== undefined) {
    noteMove(provider, by, outcome, scope);
    return askedAt(by, tried, walk);
  }
  noteTarget(walk.chosen, scope);
  throw withTried(tried[0]!.fault, tried);
};

const insteadOf = (first: Tried | undefined): Pick<Answered, 'instead'> =>
  first === undefined ? {} : { instead: { of: first.provider, because: first.fault.code } };

/** Sends it, and remembers whether the place of its target is there. */
export const heardFrom = async (
  resting: Resting,
  next: Handler,
  call: Caller,
  scope: Scope,
): Promise<Reply | Fault> => {
  const { target, principal } = call;
  resting.asked(principal.tenant, target, scope.clock.nowMs());
  try {
    const reply = await invoke(next, call, scope);
    if (reply.attempts > 0) resting.answered(principal.tenant, target);
    return reply;
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (isAway(fault)) resting.away(principal.tenant, target, scope.clock.nowMs());
    return fault;
  }
};

/** Another body for each that is moved: permits and reservations are for one body. Its time is what is left of the call. */
const sentTo = (provider: ChosenProvider, before: readonly Tried[], walk: Walk): Caller => {
  const { target } = provider;
  const more = nextOf([...providersOf(before), provider], walk) !== undefined;
  const call: Caller = {
    ...walk.call,
    target,
    ...(more || before.length > 0 ? { detour: { asked: before.length, more } } : {}),
  };
  if (before.length === 0 || call.body.kind === 'stream') return call;
  return { ...call, timeoutMs: timeLeft(walk), body: { kind: 'bytes', bytes: call.body.bytes } };
};

const providersOf = (tried: readonly Tried[]): readonly ChosenProvider[] => tried.map(({ provider }) => provider);

/** INVARIANT: all of them together have the time that the first one had. */
const timeLeft = ({ parts, call, chosen, scope, startMs }: Walk): number => {
  if (scope.signal.reason !== undefined) return 0;
  const { timeoutMs = Number.POSITIVE_INFINITY } = call;
  const grantedMs = Math.min(timeoutMs, parts.limitMs({ ...call, target: chosen.target }));
  return Math.min(startMs + grantedMs - scope.clock.nowMs(), remainingMs(scope));
};

const nextOf = (tried: readonly ChosenProvider[], { parts, call, asked, scope }: Walk): ChosenProvider | undefined =>
  tried.length < MOST_PROVIDERS && !isBound(call)
    ? parts.instead(call.principal, asked, tried, scope.clock.wallMs())
    : undefined;

/**
 * Not moved are calls whose record, key, approval or earlier turn is about this provider, those whose payload can be read only once, and
 * those whose payload a door has written for it.
 */
const isBound = ({ pin, grant, detach, idempotencyKey, body, capability }: Call): boolean =>
  pin !== undefined ||
  grant !== undefined ||
  detach === true ||
  idempotencyKey !== undefined ||
  body.kind === 'stream' ||
  capability?.chosen !== undefined;

/** The record of a call is about whom it went to. */
export const noteTarget = ({ target: { kind, name, operation } }: ChosenProvider, { span }: Scope): void =>
  span.set({ 'target.kind': kind, 'target.name': name, 'target.operation': operation });

const noteMove = (from: ChosenProvider, to: ChosenProvider, { code }: Fault, scope: Scope): void => {
  const moved = { from: targetText(from.target), to: targetText(to.target), because: code, chosen: to.because };
  scope.span.step('failover', scope.clock.nowMs(), moved);
  noteTarget(to, scope);
};

/** Only providers that the caller may call were asked, so it may know of all of them. */
const withTried = (fault: Fault, tried: readonly Tried[]): Fault => {
  if (tried.length === 1) return fault;
  const { code, message, executed, retryAfterMs, cause, remote, facts } = fault;
  const providers = tried.map(({ provider, fault: said }) => `${targetText(provider.target)}: ${said.code}`);
  const rest = { executed, cause, remote, facts: { ...facts, providers } };
  return new Fault(code, message, retryAfterMs === undefined ? rest : { ...rest, retryAfterMs });
};

export const targetText = ({ kind, name, operation }: Target): string => `${kind}/${name}/${operation}`;

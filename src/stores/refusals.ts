/** What every store refuses, in the same words: implementations may differ in how they keep data, never in what they say. */
import type { CallState, Change } from '../contract/index.ts';
import { Fault, idOf, resourceKey } from '../contract/index.ts';
import { MIN_PREFIX, NAMED_MATCHES } from './identity.ts';

export const REFUSALS = {
  staleRevision: (expected: number, actual: number): Fault =>
    new Fault(
      'conflict',
      `you looked at revision ${expected} and the configuration is at ${actual}; look again, then repeat the change`,
      { facts: { expected, actual } },
    ),

  staleVersion: (key: string, expected: number, actual: number): Fault =>
    new Fault('conflict', `${describeVersion(key, expected, actual)}; look again, then repeat the change`, {
      facts: { key, expected, actual },
    }),

  unknownRevision: (revision: number, newest: number): Fault =>
    new Fault('not_found', `there is no revision ${revision}; the newest is ${newest}`, {
      facts: { revision, newest },
    }),

  unknownResource: (key: string): Fault =>
    new Fault('not_found', `\`${key}\` does not exist, so it cannot be deleted`, { facts: { key } }),

  staleRelease: (id: string, expected: number, actual: number): Fault =>
    new Fault('conflict', `release \`${id}\` was changed by somebody else meanwhile; look again, then repeat`, {
      facts: { id, expected, actual },
    }),

  staleApproval: (id: string, expected: number, actual: number): Fault =>
    new Fault('conflict', `approval \`${id}\` was changed by somebody else meanwhile; look again, then repeat`, {
      facts: { id, expected, actual },
    }),

  staleTask: (id: string, expected: number, actual: number): Fault =>
    new Fault('conflict', `task \`${id}\` was changed by somebody else meanwhile; look again, then repeat`, {
      facts: { id, expected, actual },
    }),

  unknownReservation: (id: string): Fault =>
    new Fault('not_found', `nothing is set aside for \`${id}\` any more`, { facts: { id } }),

  unknownCall: (id: string): Fault => new Fault('not_found', `there is no record of call \`${id}\``, { facts: { id } }),

  wrongState: (id: string, expected: CallState, actual: CallState): Fault =>
    new Fault('conflict', `call \`${id}\` is ${actual}, not ${expected}`, { facts: { id, expected, actual } }),

  foreignCall: (id: string): Fault =>
    new Fault('conflict', `call id \`${id}\` belongs to another call; begin a new one`, { facts: { id } }),

  sameOrder: (id: string): Fault =>
    new Fault('conflict', `there is an order \`${id}\` already; give the new one another id`, { facts: { id } }),

  unknownRun: (id: string): Fault => new Fault('not_found', `there is no run \`${id}\``, { facts: { id } }),

  runOver: (id: string, state: string): Fault =>
    new Fault('conflict', `run \`${id}\` is ${state}, and nothing can be wished of it any more`, {
      facts: { id, state },
    }),

  runNotFailed: (id: string, state: string): Fault =>
    new Fault('conflict', `run \`${id}\` is ${state}; only one that is failed or stuck can be tried again`, {
      facts: { id, state },
    }),

  stepUnderWay: (id: string, step: string, call: string): Fault =>
    new Fault(
      'conflict',
      `step \`${step}\` of run \`${id}\` is under way as call \`${call}\`; wait until that has ended`,
      {
        facts: { id, step, call },
      },
    ),

  shortPrefix: (id: string): Fault =>
    new Fault('bad_request', `\`${id}\` is too short; give at least ${MIN_PREFIX} digits of a trace id or call id`),

  /** `matches` are trace ids; at most `NAMED_MATCHES` of them are named. */
  ambiguousPrefix: (id: string, matches: readonly string[]): Fault => {
    const named = [...matches].sort().slice(0, NAMED_MATCHES);
    const list = named.map((match) => `\`${match}\``).join(', ');
    const more = matches.length > named.length ? ' and more' : '';
    return new Fault('bad_request', `\`${id}\` fits several traces: ${list}${more}; give more digits`, {
      facts: { matches: named },
    });
  },
} as const;

type Refusals = typeof REFUSALS;

/** A refusal as plain data, so that a thread without our error type can answer it. */
export type Refusal = {
  [K in keyof Refusals]: { readonly refusal: K; readonly details: Readonly<Parameters<Refusals[K]>> };
}[keyof Refusals];

/** The answer, or the fault that it stands for. Throws `conflict`, `not_found` or `bad_request`. */
export const orThrow = <T>(answer: T | Refusal): T => {
  if (!isRefusal(answer)) return answer;
  const refuse = REFUSALS[answer.refusal] as (...details: Refusal['details']) => Fault;
  throw refuse(...answer.details);
};

const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'refusal' in answer;

const describeVersion = (key: string, expected: number, actual: number): string => {
  if (expected === 0) return `\`${key}\` already exists, at version ${actual}`;
  return actual === 0
    ? `you looked at version ${expected} of \`${key}\` and it does not exist any more`
    : `you looked at version ${expected} of \`${key}\` and it is at ${actual}`;
};

/** Throws `bad_request` when a change names one resource twice: no order of puts and deletes is implied. */
export const refuseRepeats = (change: Change): void => {
  const seen = new Set<string>();
  for (const id of [...change.puts.map(idOf), ...change.deletes]) {
    const key = resourceKey(id);
    if (seen.has(key)) throw new Fault('bad_request', `\`${key}\` appears twice in one change; name it once`);
    seen.add(key);
  }
};

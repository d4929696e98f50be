/** Past decisions held against the present rules: records as they would lie on a disk, read, decided and compared. */
import { decisionFor } from '../../src/policy/index.ts';
import { policyRequestOf, prepareOurs } from './cedar.ts';
import { allowed, type Request, rulesFor } from './rules.ts';

export interface Replay {
  readonly decisions: number;
  /** Of the candidate. */
  readonly rules: number;
  /** Decisions that the candidate takes differently. */
  readonly changed: number;
  readonly seconds: number;
}

/** The candidate lacks one kind of the forbids that took part in the decisions. */
export const replay = async (requests: readonly Request[], rules: number): Promise<Replay> => {
  const before = rulesFor(rules);
  const records = requests.map((request) =>
    JSON.stringify({ request: policyRequestOf(request), allowed: allowed(before, request) }),
  );
  const kept = before.filter((_, at) => at % 10 !== 3);
  const candidate = await prepareOurs(kept);
  const startMs = performance.now();
  let changed = 0;
  for (const record of records) {
    const past = JSON.parse(record) as { request: ReturnType<typeof policyRequestOf>; allowed: boolean };
    if ((decisionFor(candidate, past.request).effect === 'allow') !== past.allowed) changed += 1;
  }
  return { decisions: records.length, rules: kept.length, changed, seconds: (performance.now() - startMs) / 1000 };
};

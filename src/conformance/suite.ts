/** What a conformance suite is, and the runner that asks it: no test framework, so that anybody can hold an implementation against it. */

/** One promise as a sentence, and the check that throws when it is broken. */
export interface Check {
  readonly promise: string;
  readonly check: () => Promise<void>;
}

export interface Suite {
  /** What is held against the promises: `stores: sqlite`. */
  readonly name: string;
  readonly checks: readonly Check[];
}

export interface CheckResult {
  readonly suite: string;
  readonly promise: string;
  readonly durationMs: number;
  /** Undefined when the promise was kept. */
  readonly broken: unknown;
}

/** Runs every check, one after another, whatever the ones before it found. `tell` hears each result as it comes. */
export const runSuites = async (
  suites: readonly Suite[],
  tell: (result: CheckResult) => void,
): Promise<readonly CheckResult[]> => {
  const results: CheckResult[] = [];
  for (const { name, checks } of suites) {
    for (const check of checks) {
      const result = await runCheck(name, check);
      results.push(result);
      tell(result);
    }
  }
  return results;
};

const runCheck = async (suite: string, { promise, check }: Check): Promise<CheckResult> => {
  const startMs = performance.now();
  let broken: unknown;
  try {
    await check();
  } catch (thrown) {
    broken = thrown ?? new Error('the check threw nothing');
  }
  return { suite, promise, durationMs: performance.now() - startMs, broken };
};

/** What a scenario found: one line for each thing that had to hold, with what was seen. */

export interface Finding {
  /** A promise, as a sentence. */
  readonly promise: string;
  readonly holds: boolean;
  /** What was seen: a figure, a status, a chain. */
  readonly seen: string;
}

export interface Verdict {
  readonly holds: boolean;
  readonly findings: readonly Finding[];
}

export interface ScenarioOptions {
  /** A folder of its own, removed afterwards. */
  readonly dir: string;
  readonly log: (line: string) => void;
}

export type Scenario = (options: ScenarioOptions) => Promise<Verdict>;

export const verdictOf = (findings: readonly Finding[]): Verdict => ({
  findings,
  holds: findings.every(({ holds }) => holds),
});

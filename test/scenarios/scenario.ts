/** What a scenario is: a program that drives real processes and says in one line whether its promise held. */

export interface ScenarioOptions {
  /** A defect to build in, by the scenario's own name for it: then it must fail. */
  readonly plant: string | undefined;
  /** Hears what goes on, one line at a time. */
  readonly say: (line: string) => void;
}

export interface Verdict {
  readonly holds: boolean;
  /** One line. */
  readonly text: string;
  /** What broke, at most a screen of it. */
  readonly findings: readonly string[];
}

/** Rejects when the scenario could not be played; a promise that did not hold is a verdict. */
export type Scenario = (options: ScenarioOptions) => Promise<Verdict>;

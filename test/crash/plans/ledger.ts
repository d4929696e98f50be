/** What the agents of the three domains wrote down, and the process of one of them, which is killed and started again. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScriptProcess } from '../../../src/cli/up/script.ts';

export interface Execution {
  readonly call: string;
  /** `<run>/<step>`, as the step was sent. */
  readonly key: string;
  readonly operation: string;
  readonly order: string;
  readonly atMs: number;
}

/** An answer too, and one that costs what an answer costs. */
export interface Refusal {
  readonly refused: string;
  readonly call: string;
}

export type Line = Execution | Refusal | { readonly fence: string };

/** Lies of agents, planted to see that the checks find them. `deaf`: what ran did not; `forgetful`: a refund that never happened. */
export type Lie = '' | 'deaf' | 'forgetful';

export interface Killable {
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

const AGENT = fileURLToPath(new URL('./agent.ts', import.meta.url));

/** An agent and its ledger, which outlives it. */
export class AgentUnit implements Killable {
  readonly #file: string;
  readonly #process: ScriptProcess;

  private constructor(file: string, process: ScriptProcess) {
    this.#file = file;
    this.#process = process;
  }

  static async start(file: string, lie: Lie): Promise<AgentUnit> {
    return new AgentUnit(file, await ScriptProcess.start((port) => [AGENT, file, port, lie]));
  }

  get url(): string {
    return this.#process.url;
  }

  startAgain(): Promise<void> {
    return this.#process.startAgain();
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  executions(): readonly Execution[] {
    return linesIn(this.#file).filter((line): line is Execution => 'operation' in line);
  }

  refusals(): readonly Refusal[] {
    return linesIn(this.#file).filter((line): line is Refusal => 'refused' in line);
  }
}

const linesIn = (file: string): readonly Line[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line)
    : [];

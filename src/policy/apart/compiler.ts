/** Compiles policy without holding up calls: a large text takes Cedar seconds, and they are spent in a thread. */
import type { Snapshot } from '../../contract/index.ts';
import { type Bundle, type CompilePolicy, policyCompiler } from '../bundle.ts';
import { Apart } from './apart.ts';
import { faultOf } from './failure.ts';
import type { Compiled, Task } from './thread.ts';

type Policy = Snapshot['policy'];

/**
 * Characters of Cedar text that are compiled in place. About 50 policies: some tens of milliseconds, the time that a thread
 * needs to start, and most hubs never start one.
 */
const SMALL = 8_000;

export class ApartCompiler {
  readonly #small: number;
  readonly #inPlace = policyCompiler();
  readonly #thread = new Apart<Task, Compiled>(new URL('./thread.ts', import.meta.url));

  constructor(small = SMALL) {
    this.#small = small;
  }

  /** As `policyCompiler`: the same answer, the same faults, and what did not change is not checked again. */
  readonly compile: CompilePolicy = async (bundles, world) =>
    sizeOf(bundles) <= this.#small
      ? this.#inPlace(bundles, world)
      : policyOf(await this.#thread.do({ bundles, world }));

  close(): Promise<void> {
    return this.#thread.close();
  }
}

const sizeOf = (bundles: readonly Bundle[]): number =>
  bundles.reduce((sum, { policies, limits }) => sum + policies.text.length + (limits?.text.length ?? 0), 0);

const policyOf = (answer: Compiled): Policy => {
  if ('policy' in answer) return answer.policy;
  throw faultOf(answer);
};

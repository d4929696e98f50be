/** What one case of the topology suite works with: a deployment, and which executions are its own. */
import assert from 'node:assert/strict';
import type { Answer, CallRequest, Deployment, Execution } from './deployment.ts';

/** A deployment with what one case needs: which executions are its own. */
export class Bench {
  readonly deployment: Deployment;
  readonly #before: number;

  constructor(deployment: Deployment) {
    this.deployment = deployment;
    this.#before = deployment.executions().length;
  }

  call(request: CallRequest): Promise<Answer> {
    return this.deployment.call(request);
  }

  /** What agents ran since the case began. */
  ran(): readonly Execution[] {
    return this.deployment.executions().slice(this.#before);
  }

  /** The call answers with this status and problem code, and no agent ran anything. */
  async refused(request: CallRequest, status: number, code: string): Promise<Record<string, unknown>> {
    const answer = await this.call(request);
    const problem = await answer.json();
    assert.equal(answer.status, status, `status of ${JSON.stringify(problem)}`);
    assert.equal(problem['code'], code);
    assert.deepEqual(this.ran(), [], 'nothing may reach an agent');
    return problem;
  }
}

export interface Case {
  readonly promise: string;
  readonly check: (bench: Bench) => Promise<void>;
}

export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((next) => setImmediate(next));
};

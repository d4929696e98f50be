/** What one case of the topology suite works with: a deployment, and which executions are its own. */
import assert from 'node:assert/strict';
import type { FixtureAgent } from './agent.ts';
import type { Answer, CallerName, CallRequest, Deployment, Execution } from './deployment.ts';
import type { Heard } from './dialects.ts';

/** What a caller was told of one call. */
export interface Told {
  /** Who asked for what: `alice agent/echo/put`. */
  readonly asked: string;
  readonly callId: string;
  readonly status: number;
  /** Of a refusal or a failure of Airspace; empty for what the target answered. */
  readonly problem: Readonly<Record<string, unknown>>;
}

/** A deployment with what one case needs: which executions are its own. */
export class Bench {
  readonly deployment: Deployment;
  readonly told: Told[] = [];
  /** The agent that can be away. */
  readonly mill: FixtureAgent;
  readonly #before: number;

  constructor(deployment: Deployment, mill: FixtureAgent) {
    this.deployment = deployment;
    this.mill = mill;
    this.#before = deployment.executions().length;
  }

  async call(request: CallRequest): Promise<Answer> {
    const answer = await definite(
      () => this.deployment.call(request),
      async (one) => isNoWord(String((await problemIn(one))['detail'])),
    );
    this.told.push(await toldBy(request, answer));
    return answer;
  }

  ask(...asked: Parameters<Deployment['ask']>): Promise<Answer> {
    return this.deployment.ask(...asked);
  }

  /** What was told in another protocol, by its code there. */
  heard(asked: string, { status, code, callId }: Pick<Heard, 'status' | 'code' | 'callId'>): void {
    this.told.push({ asked, status, callId, problem: code === 'ok' || code === 'held' ? {} : { code } });
  }

  /** What an agent asks the hub at the top about its own calls, with its key there. */
  own(caller: CallerName, path: string, body?: unknown): Promise<Answer> {
    return this.deployment.ask(path, { as: caller, ...(body === undefined ? {} : { body }) });
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

const toldBy = async (
  { caller, target = 'agent/echo', operation, capability, atHub = false }: CallRequest,
  answer: Answer,
): Promise<Told> => {
  const asked = `${caller}${atHub ? ' at the hub' : ''} ${capability ?? `${target}/${operation}`}`;
  const problem = await problemIn(answer);
  const callId = answer.headers['airspace-call-id'] ?? String(problem['callId'] ?? '');
  return { asked, status: answer.status, problem, callId };
};

/** Empty for what the target answered. */
const problemIn = async ({ headers, json }: Answer): Promise<Readonly<Record<string, unknown>>> =>
  (headers['content-type'] ?? '').startsWith('application/problem+json') ? json() : {};

/** Of a node that had to ask its hub about a budget, which did not answer in time. Nothing ran. */
export const isNoWord = (said: string): boolean =>
  /holds no part of it.* its hub has not answered for \d+ s/.test(said);

/** On a busy machine a refusal may be no word about anything but the machine: then the same is asked again. The last one counts. */
export const definite = async <T>(ask: () => Promise<T>, isVoid: (answer: T) => Promise<boolean>): Promise<T> => {
  for (const endMs = performance.now() + PATIENCE_MS; ; ) {
    const answer = await ask();
    if (performance.now() > endMs || !(await isVoid(answer))) return answer;
    await new Promise((next) => setTimeout(next, 50));
  }
};

export interface Case {
  readonly promise: string;
  readonly check: (bench: Bench) => Promise<void>;
}

const PATIENCE_MS = 30_000;

/** Looks again and again, because over HTTP nobody is told; what never comes fails the case. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (const endMs = performance.now() + PATIENCE_MS; !(await condition()); ) {
    assert.ok(performance.now() < endMs, `it did not come about in ${PATIENCE_MS} ms: ${condition}`);
    await new Promise((next) => setTimeout(next, 5));
  }
};

export const factsOf = (problem: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  (problem['facts'] ?? {}) as Readonly<Record<string, unknown>>;

export const JSON_BODY = { 'content-type': 'application/json' } as const;

/** What came of each case, in a form in which two topologies can be held against each other. */
import { randomBytes } from 'node:crypto';
import type { FixtureAgent } from './agent.ts';
import { Bench, type Case, type Told, until } from './bench.ts';
import type { CallRequest, Deployment } from './deployment.ts';
import { entryOf, recordSaid } from './records.ts';
import { problemSaid } from './said.ts';

export interface CaseOutcome {
  /** What each call came to, sorted: `alice agent/echo/put: 403 denied WRITE_REVOKED, recorded as denied`. */
  readonly calls: readonly string[];
  /** What agents ran, each call once, sorted: `put for alice`. */
  readonly ran: readonly string[];
}

/** By promise. */
export type Outcomes = ReadonlyMap<string, CaseOutcome>;

export interface Difference {
  readonly promise: string;
  readonly what: 'calls' | 'ran';
  /** What only this one has, and what only the other one has. */
  readonly here: readonly string[];
  readonly there: readonly string[];
}

export const compareOutcomes = (here: Outcomes, there: Outcomes): readonly Difference[] =>
  [...here].flatMap(([promise, mine]) =>
    (['calls', 'ran'] as const).flatMap((what) => {
      const theirs = there.get(promise)?.[what] ?? [];
      const found = { promise, what, here: without(mine[what], theirs), there: without(theirs, mine[what]) };
      return found.here.length + found.there.length === 0 ? [] : [found];
    }),
  );

interface Checked {
  readonly promise: string;
  readonly bench: Bench;
  readonly ran: readonly string[];
}

/** Remembers what the cases of one deployment saw. */
export class Seen {
  readonly #deployment: Deployment;
  readonly #checked: Checked[] = [];

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  async check({ promise, check }: Case, mill: FixtureAgent): Promise<void> {
    const bench = new Bench(this.#deployment, mill);
    try {
      await check(bench);
    } finally {
      this.#checked.push({ promise, bench, ran: executed(bench) });
    }
  }

  /** Records come up from nodes in batches, so they are asked for when all is over. */
  async outcomes(): Promise<Outcomes> {
    for (const caller of ['alice', 'mallory', 'bob', 'echo', 'scribe'] as const) await this.#arrived({ caller });
    await this.#arrived({ caller: 'alice', atHub: true });
    const outcomes = this.#checked.map(async ({ promise, bench, ran }) => {
      const calls = await Promise.all(bench.told.map((told) => this.#outcomeOf(told)));
      return [promise, { calls: calls.sort(), ran }] as const;
    });
    return new Map(await Promise.all(outcomes));
  }

  /** A node hands its records over in order: what came in before this call where it comes in is there when its own record is. */
  async #arrived(from: Pick<CallRequest, 'caller' | 'atHub'>): Promise<void> {
    const { call, events } = this.#deployment;
    const span = randomBytes(8).toString('hex');
    const headers = { traceparent: `00-${randomBytes(16).toString('hex')}-${span}-01` };
    const answer = await call({ ...from, operation: 'echo', body: `"${span}"`, headers });
    await answer.bytes();
    const callId = answer.headers['airspace-call-id'] ?? '';
    await until(async () => (await events(callId, 1)).some(({ parentSpan }) => parentSpan === span));
  }

  async #outcomeOf(told: Told): Promise<string> {
    const said = [told.status, ...problemSaid(told.problem)].join(' ');
    // A door refuses what cannot be read before there is a call to record.
    if (told.callId === '' || UNREADABLE.has(told.problem['code'])) return `${told.asked}: ${said}`;
    const record = entryOf(await this.#deployment.events(told.callId, 1), told.callId);
    return `${told.asked}: ${said}, ${record === undefined ? 'not recorded' : `recorded as ${recordSaid(record)}`}`;
  }
}

const UNREADABLE: ReadonlySet<unknown> = new Set(['bad_request', 'too_large']);

/** Tries of one call are one line, and so is what several instances were asked: how often is for promises to say. */
const executed = (bench: Bench): readonly string[] => {
  const calls = new Map(
    bench.ran().map(({ callId, operation, headers }) => {
      const who = /id="?([^";]+)/.exec(headers['airspace-principal'] ?? '')?.[1] ?? 'nobody';
      const one = UNCOUNTED.has(operation) ? operation : `${callId} ${operation}`;
      return [one, `${operation} for ${CROWDED.has(operation) ? 'anybody' : who}`] as const;
    }),
  );
  // How often a fact is asked depends on how many nodes decide.
  return [...calls.values()].filter((one) => !one.endsWith(' for airspace')).sort();
};

/** How often is a matter of time. */
const UNCOUNTED: ReadonlySet<string> = new Set(['uneven']);
/** Who of many at once comes first is chance. */
const CROWDED: ReadonlySet<string> = new Set(['crowd']);

/** With repetition: of two equal lines one takes away one. */
const without = (lines: readonly string[], others: readonly string[]): readonly string[] => {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

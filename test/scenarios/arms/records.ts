/** What every node wrote down about the decisions of the scenario, read from the hub when all of it has arrived there. */
import type { Admin } from '../../../src/cli/admin.ts';
import type { CallEvent } from '../../../src/contract/index.ts';
import { eventually } from '../../crash/wire.ts';
import type { Entry } from './agents.ts';
import { CAST } from './cast.ts';
import type { Begun } from './load.ts';

export interface Decided {
  readonly trace: string;
  readonly call: string;
  readonly node: string;
  /** Unix ms. */
  readonly atMs: number;
  readonly version: string;
  readonly release: string | undefined;
  readonly arm: string | undefined;
  /** Version that the sender decided with, when it is another. */
  readonly sentWith: string | undefined;
  readonly behind: boolean;
}

export interface Records {
  readonly decided: readonly Decided[];
  /** Calls that ran or were answered and of which some node told nothing. */
  readonly missing: readonly string[];
}

/** Nodes hand over what they recorded in their own time. */
const ARRIVES_WITHIN_MS = 20_000;
const NODES = new Map(CAST.map(({ name, nodes }) => [name, nodes]));

export const recordsOf = async (admin: Admin, begun: readonly Begun[], entries: readonly Entry[]): Promise<Records> => {
  const decided: Decided[] = [];
  const missing: string[] = [];
  const wanted = wantedOf(begun, entries);
  for (const [trace, calls] of wanted) {
    let events: readonly CallEvent[] = [];
    const whole = await eventually(async () => {
      ({ events } = await admin.get<{ events: CallEvent[] }>(`/v1/traces/${trace}`).catch(() => ({ events: [] })));
      const told = Map.groupBy(events, ({ callId }) => callId);
      return [...calls].every(([call, nodes]) => (told.get(call)?.length ?? 0) >= nodes) ? true : undefined;
    }, ARRIVES_WITHIN_MS);
    if (whole === undefined) missing.push(`tree ${trace}: of its ${calls.size} calls some node told nothing`);
    decided.push(...events.flatMap(decidedIn));
  }
  return { decided, missing };
};

/** By trace and call: how many nodes must have decided. A call that was refused was refused by one at least. */
const wantedOf = (begun: readonly Begun[], entries: readonly Entry[]) => {
  const wanted = new Map<string, Map<string, number>>(begun.map(({ trace }) => [trace, new Map()]));
  for (const { trace, call, status } of [...begun, ...entries.filter(isHeard)])
    if (status === 403) wanted.get(trace)?.set(call, 1);
  for (const entry of entries)
    if (entry.what === 'ran') wanted.get(entry.trace)?.set(entry.call, NODES.get(entry.agent) ?? 1);
  return wanted;
};

export const isHeard = (entry: Entry): entry is Extract<Entry, { what: 'heard' }> => entry.what === 'heard';

const decidedIn = ({ trace, callId, node, startedAtMs, steps }: CallEvent): readonly Decided[] =>
  steps
    .filter(({ name }) => name === 'decide')
    .map(({ offsetMs, attributes }) => ({
      trace,
      call: callId,
      node,
      atMs: startedAtMs + offsetMs,
      version: String(attributes['policyVersion']),
      release: textOf(attributes['release']),
      arm: textOf(attributes['arm']),
      sentWith: textOf(attributes['sentWith']),
      behind: attributes['policyBehind'] === true,
    }));

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

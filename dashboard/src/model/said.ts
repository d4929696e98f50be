/** What agents say of themselves, as rows of a trace: beside what nodes saw of calls, and never in its place. */
import type { AgentSpan, CallEvent } from '../../../src/contract/index.ts';
import { duration } from './format.ts';
import type { Draft } from './span.ts';

/**
 * None before a node has told of a call: a request is what nodes saw. What has the id of something that a node saw is left out, whoever
 * came first. Times are by the clocks of agents: they are held within those of the calls, and the row says by how much they were off.
 */
export const saidDrafts = (said: readonly AgentSpan[], events: readonly CallEvent[]): readonly Draft[] => {
  const [first] = events;
  if (first === undefined || said.length === 0) return [];
  const owners = new Map(events.flatMap((event) => event.steps.map(({ span }) => [span, event] as const)));
  for (const event of events) owners.set(event.span, event);
  const beside = new Map(said.filter(({ span }) => !owners.has(span)).map((one) => [one.span, one]));
  const nearest = ownerIn(beside, owners);
  const frame = {
    fromMs: Math.min(...events.map(({ startedAtMs }) => startedAtMs)),
    toMs: Math.max(...events.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs)),
  };
  return [...beside.values()].map((one) => draftOf(one, nearest(one) ?? first, frame));
};

interface Frame {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The call below which it stands; a circle leads to none. */
const ownerIn =
  (beside: ReadonlyMap<string, AgentSpan>, owners: ReadonlyMap<string, CallEvent>) =>
  (of: AgentSpan): CallEvent | undefined => {
    const way = new Set<AgentSpan>();
    for (let at: AgentSpan | undefined = of; at !== undefined && !way.has(at); at = beside.get(at.parentSpan ?? '')) {
      way.add(at);
      const owner = owners.get(at.parentSpan ?? '');
      if (owner !== undefined) return owner;
    }
    return undefined;
  };

const draftOf = (said: AgentSpan, event: CallEvent, frame: Frame): Draft => {
  const within = (atMs: number): number => Math.min(frame.toMs, Math.max(frame.fromMs, atMs));
  const endMs = said.startedAtMs + said.durationMs;
  const [fromMs, toMs] = [within(said.startedAtMs), within(endMs)];
  const offMs = Math.max(Math.abs(said.startedAtMs - fromMs), Math.abs(endMs - toMs));
  return {
    ...{ id: said.span, parent: said.parentSpan ?? null, kind: 'said', event, said, fromMs, toMs },
    ...(said.outcome === undefined
      ? { verb: 'says', name: said.name, error: said.status === 'error' ? wrongIn(said) : '' }
      : { verb: said.outcome.result, name: said.outcome.task, error: '' }),
    note: [
      `said by ${said.principal.kind}/${said.principal.id}`,
      said.outcome?.score === undefined ? '' : `score ${said.outcome.score}`,
      offMs < 1 ? '' : `its clock is off by ${duration(offMs)} at least`,
    ]
      .filter((text) => text !== '')
      .join(' · '),
    ...{ isNo: false, tokens: 0, costMicros: null, isDetail: false },
  };
};

/** Its own words, else those of an exception that it tells of. */
const wrongIn = ({ message, events = [] }: AgentSpan): string => {
  if (message !== '') return message;
  const { attributes } = events.find(({ name }) => name === 'exception') ?? {};
  return [attributes?.['exception.type'], attributes?.['exception.message']].filter(Boolean).join(': ') || 'failed';
};

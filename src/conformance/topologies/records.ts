/** Which of the records of a call is that of the node where it came in: what a caller was told is said there. */
import type { CallEvent } from '../../contract/index.ts';

/** The first, where the same call came in more than once: as it was taken, and as it was sent. Undefined: it is not there yet. */
export const entryOf = (events: readonly CallEvent[], callId: string): CallEvent | undefined => {
  const records = events.filter((event) => event.callId === callId);
  const spans = new Set(records.flatMap(({ span, steps }) => [span, ...steps.map((step) => step.span)]));
  return records
    .filter(({ parentSpan }) => parentSpan === undefined || !spans.has(parentSpan))
    .toSorted((one, other) => one.startedAtMs - other.startedAtMs)[0];
};

/** As it ended, and what it came to. */
export const recordSaid = (record: CallEvent): string => {
  const { 'cost.micros': cost, 'usage.input_tokens': read, 'usage.output_tokens': written } = record.attributes;
  const spent = [
    ...(cost === undefined || cost === 0 ? [] : [`${cost} micros`]),
    ...(read === undefined ? [] : [`${read} and ${written} tokens`]),
  ];
  const ended = record.code === '' ? record.status : `${record.status} ${record.code}`;
  return spent.length === 0 ? ended : `${ended} for ${spent.join(', ')}`;
};

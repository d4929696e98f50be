/** What people type to find requests: `status:held agent:refunds cost>0.05 ms>500 parcel`. */
import type { RequestRow } from './requests.ts';

export interface Filter {
  readonly matches: (row: RequestRow) => boolean;
  /** Words that look like a condition and are none, in words for whoever typed them. */
  readonly problem: string;
}

type Test = (row: RequestRow) => boolean;

const has = (texts: readonly string[], wanted: string): boolean =>
  texts.some((text) => text.toLowerCase().includes(wanted));

const NAMED: Readonly<Record<string, (row: RequestRow, wanted: string) => boolean>> = {
  status: ({ status }, wanted) => status === wanted,
  agent: ({ called, caller }, wanted) => has([...called, caller], wanted),
  caller: ({ caller }, wanted) => has([caller], wanted),
  target: ({ target, called }, wanted) => has([target, ...called], wanted),
  operation: ({ operation }, wanted) => has([operation], wanted),
  domain: ({ domains }, wanted) => has(domains, wanted),
  rule: ({ rules }, wanted) => has(rules, wanted),
  policy: ({ policy }, wanted) => has([policy], wanted),
  session: ({ session }, wanted) => has([session], wanted),
  id: ({ trace, callId }, wanted) => trace.startsWith(wanted) || callId.startsWith(wanted),
};

const MEASURED: Readonly<Record<string, (row: RequestRow) => number>> = {
  cost: ({ costMicros }) => (costMicros ?? 0) / 1_000_000,
  ms: ({ durationMs }) => durationMs,
  tokens: ({ tokens }) => tokens,
  spans: ({ spans }) => spans,
};

const WORD = /^(?:([a-z]+):(.+)|([a-z]+)([<>])(\d+(?:\.\d+)?))$/;

export const filterOf = (text: string): Filter => {
  const problems: string[] = [];
  const tests = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => testOf(word, problems));
  return { matches: (row) => tests.every((test) => test(row)), problem: problems.join('; ') };
};

const testOf = (word: string, problems: string[]): Test => {
  const [, name, wanted, measure, sign, bound] = WORD.exec(word) ?? [];
  if (name !== undefined && Object.hasOwn(NAMED, name)) return (row) => NAMED[name]!(row, wanted!);
  if (measure !== undefined && Object.hasOwn(MEASURED, measure)) {
    const limit = Number(bound);
    return (row) => (sign === '>' ? MEASURED[measure]!(row) > limit : MEASURED[measure]!(row) < limit);
  }
  if (name !== undefined || measure !== undefined)
    problems.push(
      `nothing is called \`${name ?? measure}\`; known: ${[...Object.keys(NAMED), ...Object.keys(MEASURED)].join(', ')}`,
    );
  return ({ caller, called, operation, trace, callId, message }) =>
    has([caller, ...called, operation, trace, callId, message], word);
};

/** Questions that are asked every day, as what somebody would type. */
export const PRESETS: readonly { readonly name: string; readonly filter: string }[] = [
  { name: 'All', filter: '' },
  { name: 'In flight', filter: 'status:running' },
  { name: 'Held', filter: 'status:held' },
  { name: 'Denied', filter: 'status:denied' },
  { name: 'Failed', filter: 'status:failed' },
  { name: 'Expensive', filter: 'cost>0.01' },
  { name: 'Slow', filter: 'ms>1000' },
];

/** The same text with one condition more, or without it when it was there. */
export const toggled = (text: string, condition: string): string => {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const [name] = condition.split(':', 1);
  const others = words.filter((word) => !word.startsWith(`${name}:`));
  return (words.includes(condition) ? others : [...others, condition]).join(' ');
};

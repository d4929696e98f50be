/** What operators answer for which operands; a text says what is wrong with them. */
import { BOOL, DYN, INT, nameOf, STRING, type Type } from './type.ts';

type Operator = (operands: readonly Type[]) => Type | string;

const isDyn = ({ is }: Type): boolean => is === 'dyn';
const NUMBERS = new Set(['int', 'double', 'number']);
const ORDERED = new Set([...NUMBERS, 'string', 'bytes', 'bool', 'timestamp', 'duration']);

const wants =
  (kind: string, allowed: (type: Type) => boolean, answer: Type): Operator =>
  (operands) => {
    const wrong = operands.find((one) => !isDyn(one) && !allowed(one));
    return wrong === undefined ? answer : `needs ${kind}, and this is ${nameOf(wrong)}`;
  };

const bools = wants('a bool on each side', ({ is }) => is === 'bool', BOOL);

/** An `int` and a `double` do not mix; a JSON number may turn out to be either. */
const mixes = (a: Type, b: Type): boolean => a.is === b.is || a.is === 'number' || b.is === 'number';

const arithmetic =
  (more: (a: Type, b: Type) => Type | undefined): Operator =>
  ([a = DYN, b = DYN]) => {
    if (isDyn(a) || isDyn(b)) return DYN;
    const other = more(a, b);
    if (other !== undefined) return other;
    if (NUMBERS.has(a.is) && NUMBERS.has(b.is) && mixes(a, b)) return a.is === 'number' ? b : a;
    if (NUMBERS.has(a.is) && NUMBERS.has(b.is)) return 'cannot mix an int and a double; use double(...) or int(...)';
    return `cannot be done with ${nameOf(a)} and ${nameOf(b)}`;
  };

const TIME = { is: 'timestamp' } as const;
const SPAN = { is: 'duration' } as const;

const plus = arithmetic((a, b) => {
  if (a.is === b.is && (a.is === 'string' || a.is === 'bytes' || a.is === 'duration')) return a;
  if (a.is === 'list' && b.is === 'list') return a.of.is === b.of.is ? a : { is: 'list', of: DYN };
  if ((a.is === 'timestamp' && b.is === 'duration') || (a.is === 'duration' && b.is === 'timestamp')) return TIME;
  return undefined;
});

const minus = arithmetic((a, b) => {
  if (a.is === 'timestamp' && b.is === 'timestamp') return SPAN;
  if (b.is === 'duration' && (a.is === 'timestamp' || a.is === 'duration')) return a;
  return undefined;
});

const times = arithmetic(() => undefined);

const compares: Operator = ([a = DYN, b = DYN]) => {
  const wrong = [a, b].find((one) => !isDyn(one) && !ORDERED.has(one.is));
  if (wrong !== undefined) return `has no order for ${nameOf(wrong)}`;
  const fit = isDyn(a) || isDyn(b) || a.is === b.is || (NUMBERS.has(a.is) && NUMBERS.has(b.is));
  return fit ? BOOL : `cannot compare ${nameOf(a)} with ${nameOf(b)}`;
};

const equals: Operator = ([a = DYN, b = DYN]) => {
  const fit = isDyn(a) || isDyn(b) || a.is === b.is || (NUMBERS.has(a.is) && NUMBERS.has(b.is));
  return fit || a.is === 'null' || b.is === 'null' ? BOOL : `is never true of ${nameOf(a)} and ${nameOf(b)}`;
};

const chooses: Operator = ([condition = DYN, a = DYN, b = DYN]) => {
  if (!isDyn(condition) && condition.is !== 'bool')
    return `needs a bool before \`?\`, and this is ${nameOf(condition)}`;
  return a.is === b.is ? a : DYN;
};

const index: Operator = ([of = DYN, at = DYN]) => {
  if (isDyn(of)) return DYN;
  if (of.is === 'list')
    return isDyn(at) || NUMBERS.has(at.is) ? of.of : `needs a whole number for a list, and this is ${nameOf(at)}`;
  return of.is === 'object' ? DYN : `\`[]\` is for lists and objects, and this is ${nameOf(of)}`;
};

const contains: Operator = ([, of = DYN]) =>
  isDyn(of) || of.is === 'list' || of.is === 'object'
    ? BOOL
    : `\`in\` looks into a list or an object, not ${nameOf(of)}`;

const negated: Operator = ([a = DYN]) =>
  isDyn(a) || NUMBERS.has(a.is) ? a : `needs a number, and this is ${nameOf(a)}`;

export const OPERATORS: Readonly<Record<string, Operator>> = {
  '_&&_': bools,
  '_||_': bools,
  '!_': wants('a bool', ({ is }) => is === 'bool', BOOL),
  '@not_strictly_false': () => BOOL,
  '_?_:_': chooses,
  '_==_': equals,
  '_!=_': equals,
  '_<_': compares,
  '_<=_': compares,
  '_>_': compares,
  '_>=_': compares,
  '_+_': plus,
  '_-_': minus,
  '_*_': times,
  '_/_': times,
  '_%_': times,
  '-_': negated,
  '_[_]': index,
  '@in': contains,
  in: contains,
  size: wants('a text, a list or an object', ({ is }) => ['string', 'bytes', 'list', 'object'].includes(is), INT),
  string: () => STRING,
};

/** Random conditions that are well-typed, over few and near values, so that every operator is right and wrong by a hair. */
import fc from 'fast-check';

const pick = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

interface Kinds {
  bool: string;
  long: string;
  longs: string;
  text: string;
  entity: string;
  instant: string;
  span: string;
  decimal: string;
  ip: string;
}

const { bool } = fc.letrec<Kinds>((tie) => {
  const of = <K extends keyof Kinds>(kind: K) => tie(kind) as fc.Arbitrary<string>;
  const infix = (kind: keyof Kinds, ...operators: readonly string[]): fc.Arbitrary<string> =>
    fc.tuple(of(kind), pick(...operators), of(kind)).map(([a, operator, b]) => `(${a} ${operator} ${b})`);
  const method = (kind: keyof Kinds, name: fc.Arbitrary<string>, arg: keyof Kinds): fc.Arbitrary<string> =>
    fc.tuple(of(kind), name, of(arg)).map(([a, name, b]) => `${a}.${name}(${b})`);
  const asked = (kind: keyof Kinds, ...names: readonly string[]): fc.Arbitrary<string> =>
    fc.tuple(of(kind), pick(...names)).map(([a, name]) => `${a}.${name}()`);
  const choice = (kind: keyof Kinds): fc.Arbitrary<string> =>
    fc.tuple(of('bool'), of(kind), of(kind)).map(([test, a, b]) => `(if ${test} then ${a} else ${b})`);
  const shallow = { maxDepth: 3, depthSize: 'small' } as const;
  return {
    bool: fc.oneof(
      shallow,
      pick(
        'true',
        'false',
        'context has rec',
        'context has rec.n',
        'context has rec.deep',
        'principal has team.k',
        'context has args.to.country',
      ),
      infix('long', '==', '!=', '<', '<=', '>', '>='),
      infix('text', '==', '!='),
      infix('longs', '==', '!='),
      infix('entity', '==', 'in'),
      infix('instant', '==', '<', '<=', '>', '>='),
      infix('span', '==', '<', '<=', '>', '>='),
      infix('bool', '&&', '||', '=='),
      of('bool').map((a) => `!${a}`),
      choice('bool'),
      method('longs', pick('contains'), 'long'),
      method('longs', pick('containsAll', 'containsAny'), 'longs'),
      asked('longs', 'isEmpty'),
      method('decimal', pick('lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'), 'decimal'),
      method('ip', pick('isInRange'), 'ip'),
      asked('ip', 'isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'),
      fc.tuple(of('text'), pick('a*', '*b', 'a', 'a*b', '*', 'a\\*b', '')).map(([a, like]) => `(${a} like "${like}")`),
      fc.tuple(of('entity'), pick('User', 'Team', 'Tool')).map(([a, type]) => `(${a} is ${type})`),
      fc
        .tuple(of('entity'), pick('User', 'Team', 'Tool'), of('entity'))
        .map(([a, type, b]) => `(${a} is ${type} in ${b})`),
      fc.tuple(of('entity'), of('entity'), of('entity')).map(([a, b, c]) => `(${a} in [${b}, ${c}])`),
      fc
        .tuple(pick('role', 'gone'), pick('admin', 'dev'))
        .map(([tag, value]) => `(principal.hasTag("${tag}") && principal.getTag("${tag}") == "${value}")`),
    ),
    long: fc.oneof(
      shallow,
      pick('0', '1', '2', '7', '-3', 'context.n', 'context.n', 'context.args.amount'),
      infix('long', '+', '-', '*'),
      of('long').map((a) => `(-(${a}))`),
      choice('long'),
      asked('span', 'toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'),
    ),
    longs: fc.oneof(
      shallow,
      pick('context.args.parts', '[]', '[1]', '[1, 2]', '[2, 1]', '[0, 7]', '[1, 2, 7]'),
      fc.tuple(of('long'), of('long')).map(([a, b]) => `[${a}, ${b}]`),
    ),
    text: fc.oneof(
      shallow,
      pick('""', '"a"', '"ab"', '"a*b"', '"abb"', 'context.s', 'context.s', 'context.args.to.iban'),
      choice('text'),
    ),
    entity: pick('principal', 'resource', 'context.u', 'User::"a"', 'User::"b"', 'Team::"x"', 'Team::"y"', 'Tool::"t"'),
    instant: fc.oneof(
      shallow,
      pick('context.at', 'datetime("2026-11-22")', 'datetime("2026-11-22T10:00:00Z")', 'datetime("1969-12-31")'),
      method('instant', pick('offset'), 'span'),
      asked('instant', 'toDate'),
    ),
    span: fc.oneof(
      shallow,
      pick('duration("10h")', 'duration("0h")', 'duration("-14h")', 'duration("1d")'),
      method('instant', pick('durationSince'), 'instant'),
      asked('instant', 'toTime'),
    ),
    decimal: pick(
      'context.dec',
      'context.args.rate',
      'decimal("1.0")',
      'decimal("1.5")',
      'decimal("1.4999")',
      'decimal("-2.25")',
    ),
    ip: pick(
      'context.ip',
      'ip("10.0.0.0/8")',
      'ip("10.1.0.0/16")',
      'ip("127.0.0.1")',
      'ip("::1")',
      'ip("ff00::/9")',
      'ip("0.0.0.0/0")',
    ),
  };
});

export const typedCondition: fc.Arbitrary<string> = bool;

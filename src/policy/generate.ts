/** Random Cedar for the differential test: well-typed and ill-typed expressions over a small world, as text. */
import fc from 'fast-check';

const pick = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

const ENTITIES = pick('User::"a"', 'User::"b"', 'Team::"x"', 'Team::"y"', 'Tool::"t"', 'Tool::"gone"', 'Action::"r"');

const INSTANTS = [
  '2026-11-22',
  '2026-11-22T10:00:00.500Z',
  '2026-11-22T10:00:00+0130',
  '1969-12-31T23:59:59Z',
  '2026-02-30',
];

const literal: fc.Arbitrary<string> = fc.oneof(
  pick('0', '1', '2', '-1', '7', '9007199254740991', '-9007199254740991'),
  pick('""', '"a"', '"ab"', '"a*b"', '"éß"', '"__proto__"'),
  pick('true', 'false'),
  ENTITIES,
  pick('10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', '0.0.0.0/0', '1.2.3', '127.0.0.1', 'ff02::1').map(
    (text) => `ip("${text}")`,
  ),
  pick('1.0', '1.5', '-2.25', '0.0001', '1.00001').map((text) => `decimal("${text}")`),
  pick(...INSTANTS).map((text) => `datetime("${text}")`),
  pick('1h', '-1h30m', '90s', '1d2h3m4s5ms', '1m1h').map((text) => `duration("${text}")`),
  pick('[]', '[1, 2]', '["a", 1]', '[User::"a", Team::"y"]', '[[1], [2, 1]]', '{n: 1, "s p": "a"}', '{n: 1}'),
);

const path = pick(
  'principal',
  'action',
  'resource',
  'context',
  'context.n',
  'context.s',
  'context.l',
  'context.u',
  'context.rec',
  'context.rec.n',
  'context.missing',
  'principal.k',
  'principal.team',
  'resource.risk',
  'context.ip',
  'context.at',
  'context.dec',
  'context.args',
  'context.args.amount',
  'context.args.to.iban',
  'context.args.parts',
  'context.args.rate',
);

const method = (...names: readonly string[]): fc.Arbitrary<string> => pick(...names);

const { expr } = fc.letrec<{ expr: string }>((tie) => {
  const inner = tie('expr');
  const pair = fc.tuple(inner, inner);
  return {
    expr: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      fc.oneof(literal, path),
      fc
        .tuple(pair, pick('&&', '||', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', 'in'))
        .map(([[a, b], op]) => `(${a} ${op} ${b})`),
      inner.map((a) => `!(${a})`),
      inner.map((a) => `-(${a})`),
      fc
        .tuple(
          pair,
          method(
            'contains',
            'containsAll',
            'containsAny',
            'isInRange',
            'lessThan',
            'greaterThanOrEqual',
            'offset',
            'durationSince',
            'hasTag',
            'getTag',
          ),
        )
        .map(([[a, b], name]) => `(${a}).${name}(${b})`),
      fc
        .tuple(
          inner,
          method(
            'isEmpty',
            'toDate',
            'toTime',
            'toMilliseconds',
            'toHours',
            'toDays',
            'isIpv4',
            'isLoopback',
            'isMulticast',
          ),
        )
        .map(([a, name]) => `(${a}).${name}()`),
      fc
        .tuple(inner, pick('n', 'k', 'rec', 'rec.n', 'rec.n.deep', 'missing', '"s p"', 'team.k'))
        .map(([a, name]) => `(${a} has ${name})`),
      fc
        .tuple(inner, pick('a*', '*b', 'a\\*b', '*', '', '**a', 'a*b*', 'é*'))
        .map(([a, pattern]) => `(${a} like "${pattern}")`),
      fc.tuple(inner, pick('User', 'Tool', 'Team')).map(([a, type]) => `(${a} is ${type})`),
      fc.tuple(pair).map(([[a, b]]) => `(${a} is User in ${b})`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
      pair.map(([a, b]) => `[${a}, ${b}]`),
      pair.map(([a, b]) => `{"n": ${a}, m: ${b}}`),
    ),
  };
});

/** Expressions that are likely true or false and not an error, so that decisions differ. */
const likely = pick(
  'context.n < 2',
  'context.args.amount > 1',
  'context.args.to has country',
  'principal in Team::"y"',
  'context.l.contains("pii")',
  'context.ip.isInRange(ip("10.0.0.0/8"))',
  'context.at > datetime("2026-11-22")',
  'principal.k > 2',
  'resource.risk == "high"',
  'context has rec && context.rec.n == 1',
  'context.dec.lessThan(decimal("1.5"))',
  'context.s like "a*"',
  'principal.hasTag("role") && principal.getTag("role") == "admin"',
  'context.at.durationSince(datetime("2026-11-22")) < duration("12h")',
);

const condition = fc.oneof(
  expr,
  fc.tuple(likely, pick('&&', '||'), fc.oneof(likely, expr)).map(([a, op, b]) => `${a} ${op} (${b})`),
);

/** One policy without annotations. */
export const policyOf = (condition: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .record({
      effect: pick('permit', 'permit', 'forbid'),
      principal: pick('', '', ' is User', ' in Team::"x"', ' == User::"a"', ' is User in Team::"y"'),
      action: pick('', '', ' == Action::"r"', ' in [Action::"g", Action::"w"]', ' in Action::"g"'),
      resource: pick('', '', ' == Tool::"t"', ' is Tool', ' in Team::"y"'),
      clause: fc.tuple(pick('when', 'when', 'unless'), condition).map(([kind, body]) => `${kind} { ${body} }`),
    })
    .map(
      ({ effect, principal, action, resource, clause }) =>
        `${effect} (principal${principal}, action${action}, resource${resource}) ${clause};`,
    );

/** Ill-typed more often than not, so that failures are compared too. */
export const policyText: fc.Arbitrary<string> = policyOf(condition);

const uid = (type: string, id: string) => ({ type, id });

/** A request in Cedar's JSON form, with the entities that exist for it. */
export const requestJson = fc.record({
  principal: fc.constantFrom('a', 'b', 'zz').map((id) => uid('User', id)),
  action: fc.constantFrom('r', 'w').map((id) => uid('Action', id)),
  resource: fc.constantFrom('t', 'gone').map((id) => uid('Tool', id)),
  context: fc.record(
    {
      n: fc.constantFrom(0, 1, 7, -3),
      s: fc.constantFrom('a', 'ab', 'zz', 'a*b', 'éa'),
      l: fc.constantFrom<string[][]>([], ['pii'], ['pii', 'x']),
      u: fc.constant({ __entity: uid('User', 'a') }),
      ip: fc.constantFrom('10.1.2.3', '::1').map((arg) => ({ __extn: { fn: 'ip', arg } })),
      at: fc.constantFrom('2026-11-22T10:00:00Z', '2026-11-21').map((arg) => ({ __extn: { fn: 'datetime', arg } })),
      dec: fc.constantFrom('1.0', '1.5').map((arg) => ({ __extn: { fn: 'decimal', arg } })),
      rec: fc.constant({ n: 1, 's p': 'a' }),
      args: fc.record(
        {
          amount: fc.constantFrom(0, 1, 2, 7, Number.MAX_SAFE_INTEGER),
          rate: fc.constantFrom('1.0', '1.5', '1.4999').map((arg) => ({ __extn: { fn: 'decimal', arg } })),
          parts: fc.constantFrom<number[][]>([], [1], [2, 1, 2], [0, 7]),
          to: fc.constantFrom({ iban: 'a' }, { iban: 'ab', country: 'de' }),
        },
        { requiredKeys: ['amount', 'rate', 'parts', 'to'] },
      ),
    },
    { requiredKeys: ['n', 's', 'l', 'u', 'ip', 'at', 'dec', 'args'] },
  ),
  entities: fc
    .record({ role: fc.constantFrom('admin', 'dev'), risk: fc.constantFrom('low', 'high') })
    .map(({ role, risk }) => [
      {
        uid: uid('User', 'a'),
        attrs: { k: 3, team: { __entity: uid('Team', 'x') } },
        parents: [uid('Team', 'x')],
        tags: { role },
      },
      { uid: uid('User', 'b'), attrs: {}, parents: [] },
      { uid: uid('Team', 'x'), attrs: {}, parents: [uid('Team', 'y')] },
      { uid: uid('Tool', 't'), attrs: { risk }, parents: [uid('Team', 'y')] },
      { uid: uid('Action', 'r'), attrs: {}, parents: [uid('Action', 'g')] },
    ]),
});

/** `airspace trace diff`: two trees of calls beside each other, with what differs. Exit 1 when something does. */
import type { ComparedCall, ComparedRow, Comparison } from '../../contract/index.ts';
import { moneyText } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import type { Style } from '../render/paint.ts';
import { duration } from '../render/time.ts';

export const traceDiff = async (context: Context, ...words: readonly [a: string, b: string]): Promise<number> => {
  for (const word of words)
    if (!/^[0-9a-f]{8,32}$/i.test(word))
      throw usage(`\`${word}\` is neither a call nor a trace: 8 to 32 hex digits`, 'airspace get calls');
  const [a, b] = words.map((word) => word.toLowerCase());
  const admin = await context.admin();
  const found = await admin.get<Comparison>(`/v1/traces/${a}/compare`, { with: b });
  await context.out.one(found, () => textOf(found, context));
  if (context.out.format === 'table' || context.out.format === 'wide')
    context.out.print(`ui ${admin.url}/ui/compare?a=${a}&b=${b}`);
  return found.rows.some(({ differs }) => differs.some((what) => !MEASURED.has(what))) ? EXIT.no : EXIT.ok;
};

/** No two runs take equally long: these are shown, and are no difference. */
const MEASURED: ReadonlySet<string> = new Set(['duration', 'tokens', 'cost']);

const textOf = ({ a, b, rows }: Comparison, { out }: Context): string =>
  [
    ...[['a', a] as const, ['b', b] as const].map(
      ([name, { trace, startedAtMs, durationMs, waitedMs, calls, tokens, costMicros, isWhole }]) =>
        [
          `${name}  trace ${trace}  ${new Date(startedAtMs).toISOString()}  ${calls} ${calls === 1 ? 'call' : 'calls'}  ${duration(durationMs)}`,
          ...(waitedMs > 0 ? [`${duration(waitedMs)} of it waiting for people`] : []),
          ...(tokens > 0 ? [`${tokens} tokens`] : []),
          ...(costMicros === null ? [] : [moneyText(costMicros)]),
          ...(isWhole ? [] : ['its beginning is not kept here']),
        ].join('  '),
    ),
    '',
    out.table(rows, [
      { title: 'IN', value: sideOf, style: (row) => (sideOf(row) === 'a b' ? undefined : 'yellow') },
      {
        title: 'TARGET',
        value: ({ depth, a: one, b: other }) =>
          `${'  '.repeat(Math.min(depth, 16))}${either(one, other, ({ target }) => target)}`,
      },
      {
        title: 'OUTCOME',
        value: ({ a: one, b: other }) =>
          either(one, other, ({ status, code }) => (status === 'ok' ? status : code || status)),
      },
      {
        title: 'DECISION',
        value: ({ a: one, b: other }) => either(one, other, ({ effects }) => effects.join(', ') || '-'),
      },
      { title: 'TOOK', value: ({ a: one, b: other }) => either(one, other, ({ durationMs }) => duration(durationMs)) },
      {
        title: 'COST',
        value: ({ a: one, b: other }) =>
          either(one, other, ({ costMicros }) => (costMicros === null ? '-' : moneyText(costMicros))),
      },
      {
        title: 'RULES',
        value: ({ a: one, b: other }) => either(one, other, ({ rules }) => rules.join(', ') || '-'),
        wide: true,
      },
      {
        title: 'WHERE',
        value: ({ a: one, b: other }) => either(one, other, ({ endpoint }) => endpoint || '-'),
        wide: true,
      },
      { title: 'DIFFERS', value: ({ differs }) => differs.join(', ') || '-', style: styleOfRow },
    ]),
  ].join('\n');

const sideOf = ({ a, b }: ComparedRow): string => (a === null ? '  b' : b === null ? 'a' : 'a b');

/** Once when both say the same. */
const either = (a: ComparedCall | null, b: ComparedCall | null, tell: (call: ComparedCall) => string): string => {
  if (a === null || b === null) return tell((a ?? b)!);
  const [one, other] = [tell(a), tell(b)];
  return one === other ? one : `${one} → ${other}`;
};

const styleOfRow = ({ differs }: ComparedRow): Style | undefined =>
  differs.some((what) => !MEASURED.has(what)) ? 'yellow' : undefined;

/** `airspace breaker`: breakers of every node, how each came to be what it is, and holding one open or closed by hand. */
import {
  type BreakerChange,
  type BreakerMode,
  type BreakerView,
  HELD_MS,
  LONGEST_HELD_MS,
} from '../../contract/index.ts';
import type { BreakerAnswer } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import type { Style } from '../render/paint.ts';
import type { Column } from '../render/table.ts';
import { age, duration, parseDuration } from '../render/time.ts';

export interface HoldOptions {
  readonly reason?: string;
  readonly for?: string;
  readonly node?: string;
}

export const listBreakers = async (context: Context): Promise<number> => {
  await context.out.list({
    kind: 'Breaker',
    rows: await breakersSeen(context),
    columns: breakerColumns(Date.now()),
    name: ({ endpoint }) => endpoint,
    empty: 'every breaker is closed, and has been since its node started',
  });
  return EXIT.ok;
};

export const breakersSeen = async ({ admin }: Context): Promise<readonly BreakerView[]> =>
  (await (await admin()).get<{ items: BreakerView[] }>('/v1/breakers')).items;

export const breakerColumns = (nowMs: number): readonly Column<BreakerView>[] => [
  { title: 'ENDPOINT', value: ({ endpoint }) => endpoint },
  { title: 'TARGET', value: ({ target }) => target },
  { title: 'STATE', value: stateOf, style: ({ state, isStale }) => styleOf(state, isStale) },
  { title: 'SINCE', value: ({ changes: [last] }) => (last === undefined ? '-' : age(last.atMs, nowMs)) },
  { title: 'HELD', value: (breaker) => heldText(breaker, nowMs) },
  { title: 'NODE', value: ({ node }) => node },
  { title: 'DOMAIN', value: ({ domain }) => domain || '-', wide: true },
  { title: 'REASON', value: ({ held }) => held?.reason ?? '-', wide: true },
];

const stateOf = ({ state, isStale }: BreakerView): string =>
  `${state.replace('_', '-')}${isStale === true ? ', its node is silent' : ''}`;

const styleOf = (state: string, isStale: true | undefined): Style | undefined => {
  if (isStale === true) return 'gray';
  if (state === 'open') return 'red';
  return state === 'closed' ? 'green' : 'yellow';
};

const heldText = ({ held }: BreakerView, nowMs: number): string =>
  held === undefined ? '-' : `${held.mode} by ${held.by}, ${duration(Math.max(0, held.untilMs - nowMs))} more`;

interface Change extends BreakerChange {
  readonly node: string;
}

export const history = async (context: Context, endpoint: string, { node }: { node?: string }): Promise<number> => {
  const found = (await breakersSeen(context)).filter(
    (one) => one.endpoint === endpoint && (node === undefined || one.node === node),
  );
  if (found.length === 0)
    throw new Failure(
      EXIT.notFound,
      `nothing is known of a breaker of \`${endpoint}\`: it was always closed, or is none`,
      {
        try: 'airspace breaker ls',
        code: 'not_found',
      },
    );
  const rows = found
    .flatMap((one) => one.changes.map((change): Change => ({ ...change, node: one.node })))
    .sort((a, b) => b.atMs - a.atMs);
  await context.out.list<Change>({
    kind: 'BreakerChange',
    rows,
    columns: [
      { title: 'TIME', value: ({ atMs }) => new Date(atMs).toISOString() },
      { title: 'FROM', value: ({ from }) => from.replace('_', '-') },
      { title: 'TO', value: ({ to }) => to.replace('_', '-'), style: ({ to }) => styleOf(to, undefined) },
      { title: 'NODE', value: ({ node: of }) => of },
    ],
    name: ({ atMs }) => new Date(atMs).toISOString(),
    empty: 'it never changed',
  });
  return EXIT.ok;
};

/** `reset` needs no reason: it takes back what a person said, and says nothing itself. */
export const hold = async (
  context: Context,
  mode: BreakerMode,
  endpoint: string,
  options: HoldOptions,
): Promise<number> => {
  const { reason = mode === 'reset' ? 'back to the evidence' : undefined, node } = options;
  if (reason === undefined)
    throw usage('everybody who looks at the breaker will ask why', 'the same with --reason "..."');
  const forMs = timeOf(options.for);
  const admin = await context.admin();
  const body = {
    endpoint,
    mode,
    reason,
    ...(mode === 'reset' ? {} : { forMs }),
    ...(node === undefined ? {} : { node }),
  };
  const answer = await admin.post<BreakerAnswer>('/v1/breakers:force', body);
  for (const warning of answer.warnings) context.out.note(`warning: ${clean(warning)}`);
  await context.out.one(answer, () => sentence(answer));
  return EXIT.ok;
};

const timeOf = (text: string | undefined): number => {
  if (text === undefined) return HELD_MS;
  const forMs = parseDuration(text);
  if (forMs === undefined || forMs < 1_000 || forMs > LONGEST_HELD_MS)
    throw usage(`--for must be such as 10m, from 1s to ${duration(LONGEST_HELD_MS)}, not \`${text}\``);
  return forMs;
};

const sentence = ({ order: { mode, endpoint, node, untilMs } }: BreakerAnswer): string => {
  const which = clean(`the breaker of ${endpoint} at ${node}`);
  return mode === 'reset'
    ? `${which} follows its calls again, with a clean sheet`
    : `${which} is held ${mode} until ${new Date(untilMs).toISOString()}; \`airspace breaker reset ${clean(endpoint)}\` gives it back`;
};

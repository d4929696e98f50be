/** `airspace apply` and `airspace diff`: files to configuration, whole or not at all. */
import type { ApplyResult, ResourceDiff } from '../../contract/index.ts';
import { checkSources, readSources, type Sources, sourcesOfText } from '../../control/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { spoken } from '../kinds.ts';
import { clean } from '../render/clean.ts';
import type { Paint, Style } from '../render/paint.ts';

export interface ApplyOptions {
  readonly file: readonly string[];
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly ifRevision?: string;
  readonly yes?: boolean;
}

export const apply = async (context: Context, options: ApplyOptions): Promise<number> => {
  const body = { ...(await wishOf(context, options)), dryRun: options.dryRun ?? false };
  const admin = await context.admin();
  if (options.prune === true && options.dryRun !== true) await confirmPrune(context, options.yes ?? false, body);
  const result = await admin.post<ApplyResult>('/v1/resources:apply', body);
  await printChanges(context, result, options.dryRun ?? false);
  return EXIT.ok;
};

/** Nobody should learn from the result what a prune took away. */
const confirmPrune = async (context: Context, yes: boolean, body: object): Promise<void> => {
  if (yes) return;
  const { items } = await (await context.admin()).post<{ items: ResourceDiff[] }>('/v1/resources:diff', body);
  const doomed = items.filter(({ change }) => change === 'delete').map(({ key }) => spoken(key));
  if (doomed.length > 0) await context.confirm(`delete ${doomed.join(', ')}`, yes);
};

/** GNU rules: 0 the same, 1 different, everything else is trouble. */
export const diff = async (context: Context, options: ApplyOptions): Promise<number> => {
  const admin = await context.admin();
  const { items } = await admin.post<{ items: ResourceDiff[] }>('/v1/resources:diff', await wishOf(context, options));
  const changed = items.filter(({ change }) => change !== 'none');
  await context.out.one({ items: changed }, () => diffText(changed, context.out.paint));
  return changed.length === 0 ? EXIT.ok : EXIT.no;
};

const wishOf = async (context: Context, { file, prune, reason, ifRevision }: ApplyOptions) => {
  if (ifRevision !== undefined && !/^\d{1,15}$/.test(ifRevision))
    throw usage(`--if-revision must be a number, not \`${ifRevision}\``);
  const sources = await sourcesOf(context, file);
  // Here every line is still known; the hub sees only where each document began.
  checkSources(sources);
  const { resources, origins } = sources;
  if (resources.length === 0) throw usage(`there is no resource in ${file.join(', ')}`);
  return {
    resources,
    origins,
    prune: prune ?? false,
    ...(reason === undefined ? {} : { reason }),
    ...(ifRevision === undefined ? {} : { ifRevision: Number(ifRevision) }),
  };
};

export const sourcesOf = async ({ io }: Context, files: readonly string[]): Promise<Sources> => {
  if (!files.includes('-')) return readSources(files);
  if (files.length > 1) throw usage('`-f -` reads standard input and stands alone');
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return sourcesOfText(Buffer.concat(chunks).toString('utf8'), 'stdin');
};

const DONE: Readonly<Record<ResourceDiff['change'], string>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  none: 'unchanged',
};

/** Shared by everything that changes configuration. */
export const printChanges = async ({ out }: Context, result: ApplyResult, dryRun: boolean): Promise<void> => {
  for (const warning of result.warnings) out.note(`warning: ${clean(warning)}`);
  const changed = result.diffs.filter(({ change }) => change !== 'none');
  const unchanged = result.diffs.length - changed.length;
  await out.one(result, () => {
    const lines = changed.map(
      ({ key, change }) => `${spoken(clean(key))} ${DONE[change]}${dryRun ? ' (dry run)' : ''}`,
    );
    return lines.length === 0 ? 'nothing to change' : lines.join('\n');
  });
  if (changed.length === 0 || dryRun) return;
  const same = unchanged === 0 ? '' : `, ${unchanged} unchanged`;
  out.note(`revision ${result.revision}, snapshot ${result.snapshotSeq}${same}`);
};

const MARKS: Readonly<Record<ResourceDiff['change'], readonly [string, Style | undefined]>> = {
  create: ['+', 'green'],
  update: ['~', 'yellow'],
  delete: ['-', 'red'],
  none: [' ', undefined],
};

export const diffText = (diffs: readonly ResourceDiff[], paint: Paint): string => {
  if (diffs.length === 0) return 'no difference';
  return diffs
    .flatMap(({ key, change, before, after, paths }) => {
      const [mark, style] = MARKS[change];
      const fields = paths.map((path) => `    ${clean(path)}: ${shown(at(before, path))} → ${shown(at(after, path))}`);
      return [`${paint(style, mark)} ${clean(spoken(key))}`, ...fields];
    })
    .join('\n');
};

/** `spec.endpoints[0].weight` in a resource; undefined where it is not there. */
const at = (resource: unknown, path: string): unknown => {
  let value = resource;
  for (const part of path.split(/[.[\]]+/).filter((one) => one !== '')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
};

const LONGEST = 60;

const shown = (value: unknown): string => {
  if (value === undefined) return '(nothing)';
  const text = clean(JSON.stringify(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

/** `airspace delete`, `history` and `rollback`: configuration that is there already. */
import type { ApplyResult, Revision } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { resourceKindOf, spoken } from '../kinds.ts';
import { age } from '../render/time.ts';
import { printChanges } from './apply.ts';

export interface ChangeOptions {
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

const reasonOf = ({ reason }: ChangeOptions) => (reason === undefined ? {} : { reason });

export const remove = async (
  context: Context,
  word: string,
  names: readonly string[],
  options: ChangeOptions,
): Promise<number> => {
  const kind = resourceKindOf(word);
  const dryRun = options.dryRun ?? false;
  if (!dryRun)
    await context.confirm(
      `delete ${names.map((name) => `${kind.toLowerCase()}/${name}`).join(', ')}`,
      options.yes ?? false,
    );
  const ids = names.map((name) => ({ kind, name }));
  const admin = await context.admin();
  await printChanges(
    context,
    await admin.post<ApplyResult>('/v1/resources:delete', { ids, dryRun, ...reasonOf(options) }),
    dryRun,
  );
  return EXIT.ok;
};

export const history = async (
  { admin, out }: Context,
  what: string | undefined,
  { limit }: { limit?: string },
): Promise<number> => {
  if (limit !== undefined && !/^[1-9]\d{0,3}$/.test(limit))
    throw usage(`--limit must be a number from 1 to 1000, not \`${limit}\``);
  const { items } = await (await admin()).get<{ items: Revision[] }>('/v1/revisions', {
    limit: limit ?? 20,
    key: keyOf(what),
  });
  const now = Date.now();
  await out.list({
    kind: 'Revision',
    rows: items,
    columns: [
      { title: 'REVISION', value: ({ revision }) => revision, align: 'right' },
      { title: 'AGE', value: ({ atMs }) => age(atMs, now) },
      { title: 'BY', value: ({ by }) => by },
      {
        title: 'CHANGED',
        value: ({ put, deleted }) => [...put.map(spoken), ...deleted.map((key) => `-${spoken(key)}`)].join(', '),
      },
      {
        title: 'REASON',
        value: ({ reason, rollbackOf }) =>
          rollbackOf === null ? reason || '-' : `back to ${rollbackOf}${reason === '' ? '' : `: ${reason}`}`,
      },
    ],
    name: ({ revision }) => String(revision),
    empty: what === undefined ? 'nothing was applied yet' : `nothing was ever applied for \`${what}\``,
  });
  return EXIT.ok;
};

/** `agent/orders` as the API wants it. */
const keyOf = (what: string | undefined): string | undefined => {
  if (what === undefined) return undefined;
  const [word = '', name = '', ...rest] = what.split('/');
  if (name === '' || rest.length > 0) throw usage(`\`${what}\` must be <kind>/<name>, such as agent/orders`);
  return `${resourceKindOf(word)}/${name}`;
};

export const rollback = async (context: Context, to: string, options: ChangeOptions): Promise<number> => {
  if (!/^\d{1,15}$/.test(to)) throw usage(`\`${to}\` is not a revision`, 'airspace history');
  const dryRun = options.dryRun ?? false;
  if (!dryRun) await context.confirm(`bring back the whole configuration of revision ${to}`, options.yes ?? false);
  const admin = await context.admin();
  await printChanges(
    context,
    await admin.post<ApplyResult>(`/v1/revisions/${to}:rollback`, { dryRun, ...reasonOf(options) }),
    dryRun,
  );
  return EXIT.ok;
};

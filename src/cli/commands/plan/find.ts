/** A run by the beginning of its id, as long as it is the beginning of one only. */
import type { RunView } from '../../../contract/index.ts';
import type { Admin } from '../../admin.ts';
import { EXIT, Failure, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';

const MOST = 500;

export const runsIn = async (
  admin: Admin,
  query: { readonly plan?: string; readonly state?: string; readonly limit?: string } = {},
): Promise<readonly RunView[]> => (await admin.get<{ readonly items: readonly RunView[] }>('/v1/runs', query)).items;

export const idIn = async (admin: Admin, id: string): Promise<string> => {
  if (!/^[0-9a-f]{6,32}$/.test(id)) throw usage(`\`${clean(id)}\` is no id of a run`, 'airspace plan ls');
  if (id.length === 32) return id;
  const found = (await runsIn(admin, { limit: String(MOST) })).filter((run) => run.id.startsWith(id));
  if (found.length === 1) return found[0]!.id;
  throw new Failure(
    EXIT.notFound,
    found.length === 0
      ? `there is no run \`${id}\` among the newest ${MOST}`
      : `\`${id}\` fits ${found.length} runs; give more digits`,
    { code: 'not_found', try: 'airspace plan ls' },
  );
};

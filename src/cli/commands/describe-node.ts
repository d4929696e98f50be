/** `airspace describe node`: who a node is to others, what it shows them, and what it runs. */
import type { NodeView } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../failure.ts';
import { cleanText } from '../render/clean.ts';
import { age, duration } from '../render/time.ts';

export const describeNode = async (context: Context, id: string): Promise<number> => {
  const { items } = await (await context.admin()).get<{ items: NodeView[] }>('/v1/nodes');
  const view = items.find(({ node }) => node.id === id);
  if (view === undefined)
    throw new Failure(EXIT.notFound, `there is no node \`${id}\``, { try: 'airspace get nodes', code: 'not_found' });
  await context.out.one(view, () =>
    linesOf(view, Date.now())
      .map(([title, value]) => `${title.padEnd(12)} ${cleanText(value)}`)
      .join('\n'),
  );
  return EXIT.ok;
};

const linesOf = (view: NodeView, now: number): readonly (readonly [string, string])[] => {
  const { node, state, heardAtMs, snapshotSeq, refused } = view;
  return [
    ['node', node.id],
    ['role', `${node.role} for ${node.agent || node.tool || node.domain || '-'}`],
    ['tenant', `${node.tenant || '-'}, domain ${node.domain || '-'}`],
    ['url', node.url],
    ['state', heardAtMs === null ? state : `${state}, last heard of: ${age(heardAtMs, now)}`],
    ['snapshot', String(snapshotSeq)],
    ...(refused === null ? [] : ([['refused', refused]] as const)),
    ...certificateOf(view, now),
  ];
};

const certificateOf = (
  { certificate = null }: Partial<NodeView>,
  now: number,
): readonly (readonly [string, string])[] => {
  if (certificate === null) return [['certificate', 'none that it has told of']];
  const { spiffeId, serial, expiresAtMs } = certificate;
  const leftMs = expiresAtMs - now;
  return [
    ['spiffe id', spiffeId],
    ['certificate', `${serial}, ${leftMs > 0 ? `for another ${duration(leftMs)}` : 'over: nobody believes it'}`],
    ['until', new Date(expiresAtMs).toISOString()],
  ];
};

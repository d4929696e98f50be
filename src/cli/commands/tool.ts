/** `airspace tool ls | diff | accept`: what MCP servers say of their tools, beside what was accepted. */
import type { ApplyResult } from '../../contract/index.ts';
import type { ToolOperationView, ToolView } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { age } from '../render/time.ts';
import { leavesOf, visible } from '../render/visible.ts';
import { printChanges } from './apply.ts';

type Row = Pick<ToolView, 'name' | 'domain' | 'seenAtMs' | 'problem'> &
  Pick<ToolOperationView, 'state'> & { readonly operation: string };

export const listTools = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<{ items: readonly ToolView[] }>('/v1/definitions');
  const now = Date.now();
  const rows = items.flatMap(({ operations, ...tool }): readonly Row[] =>
    operations.length === 0
      ? [{ ...tool, operation: '-', state: 'unseen' }]
      : operations.map(({ name, state }) => ({ ...tool, operation: name, state })),
  );
  await out.list({
    kind: 'Tool',
    rows,
    columns: [
      { title: 'TOOL', value: ({ name }) => name },
      { title: 'OPERATION', value: ({ operation }) => clean(operation) },
      { title: 'STATE', value: ({ state }) => WORDS[state], style: ({ state }) => STYLES[state] },
      { title: 'SEEN', value: ({ seenAtMs }) => (seenAtMs === null ? '-' : age(seenAtMs, now)) },
      { title: 'PROBLEM', value: ({ problem }) => clean(problem) || '-' },
    ],
    name: ({ name, operation }) => `tool/${name}/${operation}`,
    empty: 'no tool here speaks MCP',
  });
  return EXIT.ok;
};

const WORDS: Readonly<Record<ToolOperationView['state'], string>> = {
  same: 'as accepted',
  changed: 'CHANGED, not called',
  gone: 'GONE, not called',
  twice: 'TWICE, not called',
  new: 'new, not accepted',
  unpinned: 'not pinned',
  unseen: 'not seen',
};

const STYLES: Partial<Record<ToolOperationView['state'], 'yellow' | 'green' | 'red'>> = {
  same: 'green',
  changed: 'red',
  gone: 'red',
  twice: 'red',
  new: 'yellow',
  unpinned: 'yellow',
};

/** Exit 1 when something differs, as other diffs do. */
export const diffTool = async ({ admin, out }: Context, name: string): Promise<number> => {
  const view = await viewOf(admin, name);
  const differing = view.operations.filter(differs);
  await out.one(view, () => textOf(view, differing));
  return differing.length === 0 ? EXIT.ok : EXIT.no;
};

const viewOf = async (admin: Context['admin'], name: string): Promise<ToolView> => {
  const view = await (await admin()).get<ToolView>(`/v1/definitions/${encodeURIComponent(name)}`);
  if (view.problem === '') return view;
  throw new Failure(EXIT.no, `tool ${clean(name)} cannot be looked at: ${clean(view.problem)}`, {
    try: `if policy is the reason: permit (principal == Agent::"airspace", action == Action::"tool/${clean(name)}/mcp.list", resource);`,
    code: 'unavailable',
  });
};

/** Also what nobody has pinned yet: there is something to look at. */
const differs = ({ state }: ToolOperationView): boolean => state !== 'same';

const textOf = ({ name }: ToolView, differing: readonly ToolOperationView[]): string =>
  differing.length === 0
    ? `tool ${clean(name)} is as it was accepted`
    : [
        `tool ${clean(name)}: - as accepted, + as its server says now (its own words: judge them, do not follow them)`,
        ...differing.flatMap(linesOf),
      ].join('\n');

const linesOf = ({ name, state, accepted, now }: ToolOperationView): readonly string[] => [
  '',
  `${visible(name)}: ${WORDS[state]}`,
  ...(now.length === 0 ? changesOf(accepted, undefined) : now.flatMap((one) => changesOf(accepted, one))),
];

const changesOf = (before: unknown, after: unknown): readonly string[] => {
  const old = before === null || before === undefined ? new Map<string, string>() : leavesOf(before);
  const now = after === undefined ? new Map<string, string>() : leavesOf(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) =>
    old.get(path) === now.get(path)
      ? []
      : [
          ...(old.has(path) ? [`  - ${path}: ${old.get(path)}`] : []),
          ...(now.has(path) ? [`  + ${path}: ${now.get(path)}`] : []),
        ],
  );
};

export interface AcceptOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

/** What is gone, or there twice, is accepted by its name only. */
const isNews = ({ state, now }: ToolOperationView): boolean =>
  now.length === 1 && (state === 'changed' || state === 'new' || state === 'unpinned');

/** Without a name everything that changed, is new, or was not pinned. */
export const acceptTool = async (
  context: Context,
  name: string,
  operation: string | undefined,
  { reason, yes = false }: AcceptOptions,
): Promise<number> => {
  const view = await viewOf(context.admin, name);
  const wanted = view.operations.filter((one) => (operation === undefined ? isNews(one) : one.name === operation));
  if (wanted.length === 0)
    throw operation === undefined
      ? new Failure(EXIT.no, `tool ${clean(name)} has nothing to accept`, { code: 'nothing' })
      : usage(`tool ${clean(name)} has no \`${clean(operation)}\``, `airspace tool diff ${clean(name)}`);
  context.io.stderr.write(`${textOf(view, wanted)}\n`);
  await context.confirm(`accept ${wanted.map((one) => visible(one.name)).join(', ')} of tool ${clean(name)}`, yes);
  const operations = wanted.map((one) => ({ name: one.name, digest: one.digest }));
  const result = await (await context.admin()).post<ApplyResult>(`/v1/definitions/${encodeURIComponent(name)}:accept`, {
    operations,
    ...(reason === undefined ? {} : { reason }),
  });
  await printChanges(context, result, false);
  return EXIT.ok;
};

/** `airspace audit ls | export | verify`: what was written down, and whether it is still what was written. */
import { readFile } from 'node:fs/promises';
import { ChainVerifier, type Checkpoint, type Finding, parseRecord, readCheckpoints } from '../../audit/index.ts';
import type { AuditHead, AuditRecord, NodeAuditHead } from '../../contract/index.ts';
import { verifySignature } from '../../identity/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { isDossier, readDossier } from '../dossier/lines.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { parseDuration } from '../render/time.ts';
import type { AgentExportOptions } from './audit-agent.ts';

export interface AuditLsOptions {
  readonly kind?: string;
  readonly actor?: string;
  readonly object?: string;
  readonly call?: string;
  /** Such as 1h. */
  readonly since?: string;
  readonly limit?: string;
}

export const list = async ({ admin, out }: Context, options: AuditLsOptions): Promise<number> => {
  // Options of every command come along, such as where the node is: none of those is a filter.
  const { since, kind, actor, object, call, limit } = options;
  const filter = { kind, actor, object, call, since: since === undefined ? undefined : Date.now() - agoOf(since) };
  const items = await found(await admin(), filter, limit);
  await out.list({
    kind: 'AuditRecord',
    rows: items,
    columns: [
      { title: 'SEQ', value: ({ seq }) => String(seq), align: 'right' },
      { title: 'TIME', value: ({ atMs }) => new Date(atMs).toISOString() },
      { title: 'KIND', value: ({ kind }) => kind, style: ({ kind }) => (kind === 'call.refused' ? 'red' : undefined) },
      { title: 'WHO', value: ({ actor }) => actor },
      { title: 'WHAT', value: ({ object }) => object },
      { title: 'CALL', value: ({ callId }) => callId.slice(0, 8) },
      { title: 'DETAILS', value: detailsOf },
    ],
    name: ({ seq }) => String(seq),
    empty: 'nothing that fits was written down',
  });
  return EXIT.ok;
};

type Filter = Readonly<Record<string, string | number | undefined>>;

/** Newest first. The node looks at so many records for each question, and says where to go on. */
const found = async (admin: Admin, filter: Filter, limit: string | undefined): Promise<readonly AuditRecord[]> => {
  const items: AuditRecord[] = [];
  const most = limit === undefined ? 100 : Number(limit);
  for (let before: number | null | undefined; before !== null; ) {
    const page: { readonly items: readonly AuditRecord[]; readonly before?: number | null } = await admin.get(
      '/v1/audit',
      {
        ...{ ...filter, limit: items.length === 0 ? limit : most - items.length },
        ...(before === undefined ? {} : { before }),
      },
    );
    items.push(...page.items);
    // Older nodes look at everything at once.
    before = items.length >= most ? null : (page.before ?? null);
  }
  return items;
};

const agoOf = (text: string): number => {
  const ago = parseDuration(text);
  if (ago === undefined) throw usage(`--since must be such as 30m or 2h, not \`${text}\``);
  return ago;
};

/** What people look for first; `-o json` has everything. */
const detailsOf = ({ details }: AuditRecord): string =>
  [
    'code',
    'fault',
    'outcome',
    'status',
    'executed',
    'rules',
    'verdict',
    'changes',
    'state',
    'stops',
    'alert',
    'note',
    'reason',
  ]
    .flatMap((name) => (details[name] === undefined ? [] : [`${name}=${String(details[name])}`]))
    .join(' ')
    .slice(0, 120);

/** One record a line, in order, as `verify --file` takes them. */
export const exportAll = async (
  context: Context,
  options: { readonly from?: string } & ChainOptions & Partial<AgentExportOptions>,
): Promise<number> => {
  const { from = '1', agent, ...chain } = options;
  if (agent !== undefined) {
    if (options.from !== undefined || chain.node !== undefined || chain.chain !== undefined)
      throw usage('--agent looks at all chains from their beginning; --since says since when');
    return (await import('./audit-agent.ts')).exportAgent(context, { ...options, agent });
  }
  if (options.since !== undefined || options.checkpoints !== undefined)
    throw usage(
      '--since and --checkpoints are of `audit export --agent`; the whole chain has no beginning but its first record',
    );
  for await (const record of recordsFrom(await context.admin(), chainOf(chain), Number(from)))
    context.out.print(JSON.stringify(record));
  return EXIT.ok;
};

interface ChainOptions {
  /** The chain that this node has handed over, instead of the one that is written at the hub. */
  readonly node?: string;
  /** Of which tenant, where it is not the own: of calls that the node refused. */
  readonly chain?: string;
}

/** Options of every command come along: none of those is part of the question. */
const chainOf = ({ node, chain }: ChainOptions): ChainOptions => ({
  ...(node === undefined ? {} : { node }),
  ...(chain === undefined ? {} : { chain }),
});

/** Nodes that have handed over what they wrote down, and how far. */
export const nodes = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<{ readonly items: readonly NodeAuditHead[] }>('/v1/audit/nodes');
  await out.list({
    kind: 'NodeAudit',
    rows: items,
    columns: [
      { title: 'NODE', value: ({ node }) => node },
      { title: 'TENANT', value: ({ tenant }) => tenant || '-' },
      { title: 'RECORDS', value: ({ seq }) => String(seq), align: 'right' },
      { title: 'LAST', value: ({ hash }) => hash.slice(0, 16) },
    ],
    name: ({ node, tenant }) => `${node}/${tenant}`,
    empty: 'no node has handed over any audit',
  });
  return EXIT.ok;
};

const PAGE = 1_000;

async function* recordsFrom(admin: Admin, chain: ChainOptions, from = 1): AsyncGenerator<AuditRecord> {
  for (let next = from; ; ) {
    const { items } = await admin.get<{ readonly items: readonly AuditRecord[] }>('/v1/audit/records', {
      ...chain,
      from: next,
      limit: PAGE,
    });
    yield* items;
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE) return;
    // A store that was tampered with may answer anything: going back would never end.
    next = Math.max(next, last.seq) + 1;
  }
}

export interface VerifyOptions extends ChainOptions {
  /** An export; absent: what the node holds. */
  readonly file?: string;
  /** Files of checkpoints, from where the hub could not rewrite them. */
  readonly checkpoints?: readonly string[];
  /** The public key that they must be signed with: SPKI DER in base64. Absent: the one that the node says, which proves less. */
  readonly signer?: string;
  readonly tenant?: string;
}

/** Exit 1 when something is not as it was written. */
export const verify = async (context: Context, options: VerifyOptions): Promise<number> => {
  const { out } = context;
  if (options.file !== undefined && isDossier((await read(options.file)).split('\n', 1)[0] ?? ''))
    return verifyFile(context, options.file, options);
  const chain = chainOf(options);
  const head =
    options.file === undefined ? await (await context.admin()).get<Head>('/v1/audit/head', { ...chain }) : undefined;
  const records = options.file === undefined ? recordsFrom(await context.admin(), chain) : recordsIn(options.file);
  const key = options.signer ?? head?.publicKey;
  const { checkpoints, problems } = await checkpointsOf(options.checkpoints ?? [], key);
  const result = await run(records, checkpoints, options.tenant ?? head?.tenant);
  const finding = problems[0] ?? result.finding ?? shortOf(head, result.verified.records);
  const outside = checkpoints.length > 0;
  if (out.format === 'json' || out.format === 'jsonl')
    out.print(JSON.stringify({ ok: finding === undefined, ...result.verified, finding: finding ?? null }));
  else if (finding === undefined) sayWell(context, result.verified, outside);
  else out.print(`BAD   ${clean(`${finding.what} at record ${finding.seq}: ${finding.text}`)}`);
  return finding === undefined ? EXIT.ok : EXIT.no;
};

/** What `export --agent` wrote. */
const verifyFile = async (
  { out }: Context,
  file: string,
  { signer, checkpoints = [] }: VerifyOptions,
): Promise<number> => {
  const { verifyDossier } = await import('../dossier/verify.ts');
  const dossier = readDossier(await read(file));
  const elsewhere = await Promise.all(checkpoints.map(read));
  const more = elsewhere.flatMap((text) => text.split('\n').filter((line) => line.trim() !== ''));
  const lines = [...dossier.lines, ...more.map((signed) => ({ type: 'checkpoint' as const, signed }))];
  const verdict = verifyDossier({ ...dossier, lines }, signer);
  if (out.format === 'json' || out.format === 'jsonl') out.print(JSON.stringify(verdict));
  else for (const { verdict: how, text } of verdict.said) out.print(`${how.padEnd(5)} ${clean(text)}`);
  return verdict.ok ? EXIT.ok : EXIT.no;
};

type Head = AuditHead & { readonly publicKey: string };

const run = async (
  records: AsyncIterable<AuditRecord>,
  checkpoints: readonly Checkpoint[],
  tenant: string | undefined,
) => {
  let verifier: ChainVerifier | undefined;
  for await (const record of records) {
    verifier ??= new ChainVerifier(tenant ?? record.tenant, checkpoints);
    const finding = verifier.take(record);
    if (finding !== undefined) return { finding, verified: verifier.verified };
  }
  verifier ??= new ChainVerifier(tenant ?? checkpoints[0]?.tenant ?? '', checkpoints);
  return { finding: verifier.finish(), verified: verifier.verified };
};

/** The node says that there are more than it hands out. */
const shortOf = (head: Head | undefined, records: number): Finding | undefined =>
  head === undefined || head.seq <= records
    ? undefined
    : { seq: records + 1, what: 'cut', text: `the chain ends at ${records}, and its own head says ${head.seq}` };

const sayWell = (
  { out }: Context,
  { records, checkpoint, hash }: ChainVerifier['verified'],
  outside: boolean,
): void => {
  out.print(`ok    ${records} records, each after the one before it; the last is ${hash.slice(0, 16)}`);
  if (checkpoint > 0) out.print(`ok    up to record ${checkpoint} checkpoints from elsewhere say the same`);
  else if (outside) out.print('note  none of the checkpoints is about these records');
  else
    out.print('note  without --checkpoints nothing shows whether the end was cut off, or all of it was written anew');
};

async function* recordsIn(path: string): AsyncGenerator<AuditRecord> {
  let line = 0;
  for (const text of (await read(path)).split('\n')) {
    line++;
    if (text.trim() !== '') yield parseRecord(text, `${path}:${line}`);
  }
}

const checkpointsOf = async (paths: readonly string[], key: string | undefined) => {
  if (paths.length > 0 && key === undefined)
    throw usage('which key signed the checkpoints?', 'the same with --signer <public key>, from `airspace audit key`');
  const all = await Promise.all(
    paths.map(async (path) => readCheckpoints(await read(path), path, key ?? '', verifySignature)),
  );
  return { checkpoints: all.flatMap((one) => one.checkpoints), problems: all.flatMap((one) => one.problems) };
};

const read = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch(() => {
    throw usage(`\`${path}\` cannot be read`);
  });

/** To be kept where the hub cannot change it: whoever verifies later needs it. */
export const key = async ({ admin, out }: Context): Promise<number> => {
  out.print((await (await admin()).get<Head>('/v1/audit/head')).publicKey);
  return EXIT.ok;
};

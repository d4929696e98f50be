/** `airspace audit export --agent`: what one agent did, as a dossier that can be checked without the hub. */
import { readFile } from 'node:fs/promises';
import type { ApprovalCard, AuditHead, AuditRecord, CallEvent } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { approvalLine, type ChainHead, callLine, callsOf, chainsOf, recordsOf } from '../dossier/collect.ts';
import { DOSSIER, DossierWriter } from '../dossier/lines.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { parseDuration } from '../render/time.ts';

export interface AgentExportOptions {
  readonly agent: string;
  readonly since?: string;
  /** False: without the records of others that hold the chain together. */
  readonly proof?: boolean;
  /** Files of checkpoints, from where the hub could not rewrite them. */
  readonly checkpoints?: readonly string[];
}

export const exportAgent = async (context: Context, options: AgentExportOptions): Promise<number> => {
  const { out } = context;
  const agent = options.agent.replace(/^agent\//, '');
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(agent)) throw usage(`\`${options.agent}\` is no name of an agent`);
  const { since, proof = true, checkpoints = [] } = options;
  const sinceMs = since === undefined ? undefined : Date.now() - agoOf(since);
  const admin = await context.admin();
  const { tenant, publicKey } = await admin.get<AuditHead & { readonly publicKey: string }>('/v1/audit/head');
  const chains = await chainsOf(admin);
  const without: string[] = [];
  const calls = await orLess(
    without,
    'calls',
    () => gathered(callsOf(admin, agent, sinceMs)),
    new Map<string, CallEvent[]>(),
  );
  const approvals = await orLess(without, 'approvals', () => approvalsOf(admin, agent, sinceMs), []);
  const writer = new DossierWriter((line) => out.print(line));
  writer.add({
    ...{ type: 'about', format: DOSSIER, tenant, agent, sinceMs: sinceMs ?? null, madeAtMs: Date.now(), publicKey },
    ...{ isWhole: proof, without },
  });
  const about = new Set([...calls.keys(), ...approvals.map(({ id }) => id)]);
  let records = 0;
  for (const chain of chains) records += await addChain(admin, writer, chain, { agent, about, sinceMs, proof });
  for (const events of calls.values()) writer.add(callLine(events));
  for (const approval of approvals) writer.add(approvalLine(approval));
  for (const path of checkpoints) for (const signed of await linesIn(path)) writer.add({ type: 'checkpoint', signed });
  writer.end();
  const asked = `${approvals.length} ${approvals.length === 1 ? 'approval' : 'approvals'}`;
  out.note(`${records} records, ${calls.size} calls and ${asked} of agent/${agent}`);
  for (const one of without) out.note(`without ${one}`);
  if (checkpoints.length === 0)
    out.note('without --checkpoints nothing in it shows that the end of the chain was not cut off');
  return EXIT.ok;
};

const agoOf = (text: string): number => {
  const ago = parseDuration(text);
  if (ago === undefined) throw usage(`--since must be such as 24h or 30d, not \`${text}\``);
  return ago;
};

/** Who may read the audit need not see calls or approvals: what is not theirs is named in the dossier, and never left out in silence. */
const orLess = async <T>(without: string[], what: string, read: () => Promise<T>, nothing: T): Promise<T> => {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.exit !== EXIT.notPermitted) throw thrown;
    without.push(`${what}: ${thrown.message}`);
    return nothing;
  }
};

/** By call, the oldest first. */
const gathered = async (events: AsyncIterable<CallEvent>): Promise<Map<string, CallEvent[]>> => {
  const all: CallEvent[] = [];
  for await (const event of events) all.push(event);
  return Map.groupBy(
    all.sort((a, b) => a.startedAtMs - b.startedAtMs),
    ({ callId }) => callId,
  );
};

const approvalsOf = async (admin: Admin, agent: string, sinceMs = 0): Promise<readonly ApprovalCard[]> => {
  const { items } = await admin.get<{ items: readonly ApprovalCard[] }>('/v1/approvals', { limit: 500 });
  return items.filter(
    ({ caller, target, createdAtMs }) =>
      createdAtMs >= sinceMs && (caller === `agent/${agent}` || target.startsWith(`agent/${agent}/`)),
  );
};

interface Wanted {
  readonly agent: string;
  /** Ids of its calls and approvals. */
  readonly about: ReadonlySet<string>;
  readonly sinceMs: number | undefined;
  readonly proof: boolean;
}

/** From the first record about the agent to the end of the chain. Answers how many are about it. */
const addChain = async (admin: Admin, writer: DossierWriter, chain: ChainHead, wanted: Wanted): Promise<number> => {
  let own = 0;
  for await (const record of recordsOf(admin, chain)) {
    const isOwn = record.atMs >= (wanted.sinceMs ?? 0) && isAbout(record, wanted);
    if (isOwn) own++;
    if (isOwn || (wanted.proof && own > 0))
      writer.add({ type: 'record', chain: chain.node, isOwn, record: { ...record } });
  }
  return own;
};

const isAbout = ({ actor, object, callId, details }: AuditRecord, { agent, about }: Wanted): boolean =>
  actor === `agent/${agent}` ||
  object === `agent/${agent}` ||
  object.startsWith(`agent/${agent}/`) ||
  details['stops'] === `agent/${agent}` ||
  (callId !== '' && about.has(callId)) ||
  about.has(object.replace(/^approval\//, ''));

const linesIn = async (path: string): Promise<readonly string[]> => {
  const text = await readFile(path, 'utf8').catch(() => {
    throw usage(`\`${path}\` cannot be read`);
  });
  return text.split('\n').filter((line) => line.trim() !== '');
};

/** `airspace audit show`: one record, whole, and whether it is still what was written behind the one before it. */
import { ChainVerifier, type Finding } from '../../audit/index.ts';
import { type AuditRecord, GENESIS } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { leavesOf } from '../render/visible.ts';

export interface AuditShowOptions {
  /** The chain that this node has handed over. */
  readonly node?: string;
  /** Of which tenant, where it is not the own. */
  readonly chain?: string;
}

/** Exit 1 when it is not as it was written. */
export const showRecord = async (
  context: Context,
  word: string,
  { node, chain }: AuditShowOptions,
): Promise<number> => {
  if (!/^[1-9]\d{0,14}$/.test(word))
    throw usage(`\`${word}\` is no number of a record, such as 12`, 'airspace audit ls');
  const seq = Number(word);
  const { items } = await (await context.admin()).get<{ readonly items: readonly AuditRecord[] }>(
    '/v1/audit/records',
    // What it hangs on comes with it.
    { node, chain, from: Math.max(1, seq - 1), limit: 2 },
  );
  const record = items.find((one) => one.seq === seq);
  if (record === undefined)
    throw new Failure(EXIT.notFound, `there is no record ${seq} here`, { try: 'airspace audit ls', code: 'not_found' });
  const finding = findingOf(record, items);
  await context.out.one({ record, ok: finding === undefined, finding: finding ?? null }, () =>
    [...linesOf(record), proofLine(record, finding)].join('\n'),
  );
  return finding === undefined ? EXIT.ok : EXIT.no;
};

const findingOf = (record: AuditRecord, items: readonly AuditRecord[]): Finding | undefined => {
  const before = items.find(({ seq }) => seq === record.seq - 1);
  const after = before ?? { seq: 0, hash: GENESIS };
  return new ChainVerifier(record.tenant, [], { seq: after.seq, hash: after.hash }).take(record);
};

/** Changes of resources are long; `-o json` has all of them. */
const MOST_OF_A_DETAIL = 2_000;

const linesOf = ({ seq, atMs, kind, actor, object, callId, details, prev, hash }: AuditRecord): readonly string[] => {
  const facts: readonly (readonly [string, string])[] = [
    ['time', new Date(atMs).toISOString()],
    ['kind', kind],
    ['who', actor],
    ['what', object],
    ...(callId === '' ? [] : [['call', callId] as const]),
    ['before', prev],
    ['hash', hash],
  ];
  const all = Object.keys(details).length === 0 ? [] : [...leavesOf(details)];
  return [
    `record ${seq}`,
    ...facts.map(([title, text]) => `  ${title.padEnd(8)} ${clean(text)}`),
    ...(all.length === 0 ? [] : ['details']),
    ...all.map(([path, text]) => `  ${clean(path)}: ${clean(text, MOST_OF_A_DETAIL)}`),
  ];
};

const proofLine = ({ seq }: AuditRecord, finding: Finding | undefined): string => {
  if (finding !== undefined) return `BAD   ${clean(`${finding.what}: ${finding.text}`)}`;
  return `ok    it fits its hash${seq === 1 ? ', and is the first' : ` and record ${seq - 1} before it`}; airspace audit verify looks at all`;
};

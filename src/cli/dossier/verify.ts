/** Is a dossier as it was written? Without the hub: its own digest, the chains that it has parts of, and checkpoints that somebody signed. */
import { createHash } from 'node:crypto';
import { ChainVerifier, type Checkpoint, parseRecord, readCheckpoints } from '../../audit/index.ts';
import { type AuditRecord, auditText } from '../../contract/index.ts';
import { verifySignature } from '../../identity/index.ts';
import type { DossierOf, ReadDossier } from './lines.ts';

export interface Verdict {
  readonly ok: boolean;
  /** One finding or remark a line. */
  readonly said: readonly { readonly verdict: 'ok' | 'note' | 'BAD'; readonly text: string }[];
}

/** `signer`: absent, the key that the dossier names, which proves less. */
export const verifyDossier = ({ lines, problem }: ReadDossier, signer: string | undefined): Verdict => {
  const said: { verdict: 'ok' | 'note' | 'BAD'; text: string }[] = [];
  const about = lines.find((line) => line.type === 'about');
  if (problem !== undefined || about === undefined)
    said.push({ verdict: 'BAD', text: problem ?? 'it does not say what it is' });
  if (about === undefined) return { ok: false, said };
  const checkpoints = checkpointsIn(
    lines.filter((line) => line.type === 'checkpoint'),
    signer ?? about.publicKey,
    said,
  );
  const chains = Map.groupBy(
    lines.filter((line) => line.type === 'record'),
    ({ chain }) => chain,
  );
  if (chains.size === 0) said.push({ verdict: 'note', text: `no record is about agent/${about.agent}` });
  for (const [chain, records] of chains)
    said.push(...chainSays(chain, records, about, chain === '' ? checkpoints : []));
  if (signer === undefined && checkpoints.length > 0)
    said.push({
      verdict: 'note',
      text: 'the key that signed the checkpoints is the one that the dossier names; --signer says which it must be',
    });
  for (const one of about.without) said.push({ verdict: 'note', text: `made without ${one}` });
  said.push(...unmatched(lines));
  return { ok: said.every(({ verdict }) => verdict !== 'BAD'), said };
};

type Said = Verdict['said'][number];

const checkpointsIn = (lines: readonly DossierOf<'checkpoint'>[], key: string, said: Said[]): readonly Checkpoint[] => {
  const text = lines.map(({ signed }) => signed).join('\n');
  const { checkpoints, problems } = readCheckpoints(text, 'checkpoint', key, verifySignature);
  for (const { text: why } of problems) said.push({ verdict: 'BAD', text: why });
  return checkpoints;
};

const chainSays = (
  chain: string,
  lines: readonly DossierOf<'record'>[],
  { isWhole, agent, madeAtMs }: DossierOf<'about'>,
  checkpoints: readonly Checkpoint[],
): readonly Said[] => {
  const name = chain === '' ? 'the chain of the hub' : `the chain of ${chain}`;
  const records = lines.map(({ record }) => parseRecord(JSON.stringify(record), name));
  const [first, last] = [records[0]!, records.at(-1)!];
  const own = lines.filter(({ isOwn }) => isOwn).length;
  if (!isWhole) {
    const bad = records.find((record) => !isIntact(record));
    if (bad !== undefined) return [{ verdict: 'BAD', text: `changed at record ${bad.seq} of ${name}` }];
    return [
      { verdict: 'ok', text: `${own} records about agent/${agent} in ${name}, each as it was written` },
      { verdict: 'note', text: 'made without the records between: nothing shows that none of its own is missing' },
    ];
  }
  const within = checkpoints.filter(
    ({ seq, tenant }) => tenant === first.tenant && seq >= first.seq && seq <= last.seq,
  );
  const later = checkpoints.find(
    ({ tenant, seq, atMs }) => tenant === first.tenant && seq > last.seq && atMs <= madeAtMs,
  );
  if (later !== undefined)
    return [
      {
        verdict: 'BAD',
        text: `cut at record ${last.seq + 1} of ${name}: before it was made, a checkpoint of ${new Date(later.atMs).toISOString()} had seen ${later.seq}`,
      },
    ];
  const verifier = new ChainVerifier(first.tenant, within, { seq: first.seq - 1, hash: first.prev });
  for (const record of records) {
    const finding = verifier.take(record);
    if (finding !== undefined)
      return [{ verdict: 'BAD', text: `${finding.what} at record ${finding.seq} of ${name}: ${finding.text}` }];
  }
  const { checkpoint } = verifier.verified;
  return [
    {
      verdict: 'ok',
      text: `${own} records about agent/${agent} in ${name}, and all between ${first.seq} and ${last.seq}, each after the one before it`,
    },
    checkpoint > 0
      ? { verdict: 'ok', text: `up to record ${checkpoint} checkpoints from elsewhere say the same` }
      : { verdict: 'note', text: `no checkpoint in it is about records ${first.seq} to ${last.seq} of ${name}` },
  ];
};

const isIntact = ({ seq, prev, hash, ...entry }: AuditRecord): boolean =>
  createHash('sha256')
    .update(auditText(entry, seq, prev))
    .digest('hex') === hash;

/** Traces are kept for a while, and records for good: a call without a line is said, and is no fault. */
const unmatched = (lines: ReadDossier['lines']): readonly Said[] => {
  const told = new Set(lines.flatMap((line) => (line.type === 'call' ? [line.callId] : [])));
  const recorded = new Set(
    lines.flatMap((line) => {
      if (line.type !== 'record' || !line.isOwn) return [];
      const { kind, callId } = line.record as unknown as AuditRecord;
      return kind.startsWith('call.') && callId !== '' ? [callId] : [];
    }),
  );
  const missing = [...recorded].filter((id) => !told.has(id)).length;
  const more = [...told].filter((id) => !recorded.has(id)).length;
  return [
    ...(missing === 0
      ? []
      : [
          {
            verdict: 'note' as const,
            text: `${missing} calls of the audit have no line of their own: their traces are gone, or were not kept`,
          },
        ]),
    ...(more === 0
      ? []
      : [
          {
            verdict: 'note' as const,
            text: `${more} calls have no record: they were not sent here, or lie in a chain that was not handed over`,
          },
        ]),
  ];
};

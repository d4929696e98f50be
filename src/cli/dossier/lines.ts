/**
 * The lines of a dossier: all that one agent did in a while, as one JSON object a line, so that somebody without the hub can read it and
 * check it. The last line has the digest of those before it.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const DOSSIER = 'airspace.dossier/v1';

const text = z.string();
const texts = z.array(text);

const About = z.object({
  type: z.literal('about'),
  format: z.literal(DOSSIER),
  tenant: text,
  agent: text,
  /** Unix ms; null: from the beginning. */
  sinceMs: z.number().nullable(),
  madeAtMs: z.number(),
  /** Signs checkpoints, as the hub says. */
  publicKey: text,
  /** Every record between the first and the last of a chain is there, also those of others. */
  isWhole: z.boolean(),
  /** What could not be read, and why. */
  without: texts,
});

const Record = z.object({
  type: z.literal('record'),
  /** Node that handed over the chain; empty: the hub's own. */
  chain: text,
  /** About the agent. Else it only holds the chain together. */
  isOwn: z.boolean(),
  record: z.looseObject({ seq: z.number().int().min(1), prev: text, hash: text }),
});

const Call = z.object({
  type: z.literal('call'),
  callId: text,
  trace: text,
  atMs: z.number(),
  caller: text,
  target: text,
  session: text,
  status: text,
  code: text,
  reason: text,
  durationMs: z.number(),
  decisions: z.array(z.object({ node: text, effect: text, code: text, rules: texts, policy: text })),
  /** What kinds of data went into it, as policy knew. */
  dataClasses: texts,
  tokens: z.number(),
  costMicros: z.number().nullable(),
});

const Approval = z.object({
  type: z.literal('approval'),
  id: text,
  state: text,
  caller: text,
  behind: texts,
  target: text,
  effect: text,
  rules: texts,
  reason: text,
  policy: text,
  quorum: z.number(),
  votes: z.array(z.looseObject({})),
  editedBy: texts,
  digest: text,
  createdAtMs: z.number(),
  decidedAtMs: z.number().nullable(),
});

const Checkpoint = z.object({ type: z.literal('checkpoint'), signed: text });

const End = z.object({ type: z.literal('end'), lines: z.number().int(), sha256: text });

const Line = z.discriminatedUnion('type', [About, Record, Call, Approval, Checkpoint, End]);
export type DossierLine = z.output<typeof Line>;
export type DossierOf<T extends DossierLine['type']> = Extract<DossierLine, { type: T }>;

/** Writes lines, and at the end how many there were and their digest. */
export class DossierWriter {
  readonly #write: (line: string) => void;
  readonly #hash = createHash('sha256');
  #lines = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  add(line: Exclude<DossierLine, { type: 'end' }>): void {
    const text = JSON.stringify(line);
    this.#hash.update(`${text}\n`);
    this.#lines++;
    this.#write(text);
  }

  end(): void {
    this.#write(JSON.stringify({ type: 'end', lines: this.#lines, sha256: this.#hash.digest('hex') }));
  }
}

export const isDossier = (firstLine: string): boolean => firstLine.startsWith(`{"type":"about","format":"${DOSSIER}"`);

export interface ReadDossier {
  readonly lines: readonly DossierLine[];
  /** Why it is not as it was written; undefined: it is. */
  readonly problem: string | undefined;
}

/** Of text that anybody may have touched. */
export const readDossier = (whole: string): ReadDossier => {
  const texts = whole.split('\n').filter((line) => line !== '');
  const lines: DossierLine[] = [];
  const hash = createHash('sha256');
  for (const [at, one] of texts.entries()) {
    const parsed = Line.safeParse(jsonOf(one));
    if (!parsed.success) return { lines, problem: `line ${at + 1} is no line of a dossier` };
    lines.push(parsed.data);
    if (parsed.data.type !== 'end') hash.update(`${one}\n`);
    else if (at !== texts.length - 1) return { lines, problem: `line ${at + 2} comes after its end` };
  }
  const last = lines.at(-1);
  if (last?.type !== 'end') return { lines, problem: 'it is cut: its last line is missing' };
  if (last.lines !== lines.length - 1)
    return { lines, problem: `it had ${last.lines} lines, and there are ${lines.length - 1}` };
  if (last.sha256 !== hash.digest('hex')) return { lines, problem: 'a line is not as it was written' };
  return { lines, problem: undefined };
};

const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

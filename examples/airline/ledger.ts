/** The desk's own account of what it executed, one JSON line per execution: the outside truth that a control plane is held to. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

const entry = z.strictObject({
  /** 1, 2, 3, … over the life of the file. */
  seq: z.int().positive(),
  session: z.string(),
  /** From `airspace-call-id`; null when the caller sent none. */
  callId: z.string().nullable(),
  /** From `idempotency-key`; null when the caller sent none. Written down, not honoured: a repeated effect must show. */
  idempotencyKey: z.string().nullable(),
  operation: z.string(),
  /** Hex, over the body bytes as they arrived. */
  argsSha256: z.string(),
  /** Hex, over the reply bytes as they leave. */
  replySha256: z.string(),
});

export type LedgerEntry = Readonly<z.infer<typeof entry>>;

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Every execution in `file`, in order. Throws on a line that is not an entry. A file that is not there holds none. */
export const readLedger = (file: string): readonly LedgerEntry[] =>
  linesOf(file).map((line) => entry.parse(JSON.parse(line)));

const linesOf = (file: string): readonly string[] => {
  const text = readIfThere(file);
  if (text !== '' && !text.endsWith('\n')) {
    throw new Error(`ledger \`${file}\` ends in the middle of a line; keep it as evidence and start a new one`);
  }
  return text.split('\n').slice(0, -1);
};

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
};

/** Appends to `file`, going on where an earlier process stopped. */
export class Ledger {
  readonly #descriptor: number;
  #seq: number;

  constructor(file: string) {
    this.#seq = readLedger(file).length;
    this.#descriptor = openSync(file, 'a');
  }

  /** INVARIANT: synchronous, so the line is in the file before the caller can send the reply it accounts for. */
  append(execution: Omit<LedgerEntry, 'seq'>): void {
    const line: LedgerEntry = { seq: this.#seq + 1, ...execution };
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
    this.#seq++;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

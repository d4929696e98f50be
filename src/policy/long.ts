/** Cedar's Long, a signed 64-bit integer: a number while it is safe, a bigint only in the rare band beyond, never a wrong sum. */
import { EvaluationError } from './evaluation-error.ts';

/** INVARIANT: a bigint only outside the safe range, so that equal Longs are equal in JavaScript too. */
export type Long = number | bigint;

const MAX = (1n << 63n) - 1n;
const MIN = -(1n << 63n);

export const isLong = (value: unknown): value is Long => typeof value === 'number' || typeof value === 'bigint';

/** Throws EvaluationError when the value does not fit 64 bits. */
export const longOf = (exact: bigint): Long => {
  if (exact > MAX || exact < MIN) throw new EvaluationError('integer overflow');
  const short = Number(exact);
  return Number.isSafeInteger(short) ? short : exact;
};

// A double that rounds is never a safe integer, so a safe result is the exact one. `+ 0` turns -0 into 0.
export const add = (a: Long, b: Long): Long => {
  const sum = Number(a) + Number(b);
  return bothShort(a, b) && Number.isSafeInteger(sum) ? sum + 0 : longOf(BigInt(a) + BigInt(b));
};

export const subtract = (a: Long, b: Long): Long => {
  const difference = Number(a) - Number(b);
  return bothShort(a, b) && Number.isSafeInteger(difference) ? difference + 0 : longOf(BigInt(a) - BigInt(b));
};

export const multiply = (a: Long, b: Long): Long => {
  const product = Number(a) * Number(b);
  return bothShort(a, b) && Number.isSafeInteger(product) ? product + 0 : longOf(BigInt(a) * BigInt(b));
};

const bothShort = (a: Long, b: Long): boolean => typeof a === 'number' && typeof b === 'number';

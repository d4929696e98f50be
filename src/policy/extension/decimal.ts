/** Cedar's `decimal`: four digits after the point, kept as ten-thousandths in 64 bits. */
import { EvaluationError } from '../evaluation-error.ts';

export class Decimal {
  readonly units: bigint;

  constructor(units: bigint) {
    this.units = units;
  }
}

const SHAPE = /^(-?\d+)\.(\d{1,4})$/;

/** `"12.5"`; throws EvaluationError on anything else, more than four digits, or more than 64 bits. */
export const parseDecimal = (text: string): Decimal => {
  const parts = SHAPE.exec(text);
  if (parts === null) throw new EvaluationError('a decimal looks like "12.5", with 1 to 4 digits after the point');
  const units = BigInt(`${parts[1]}${parts[2]?.padEnd(4, '0')}`);
  if (BigInt.asIntN(64, units) !== units) throw new EvaluationError('decimal overflow');
  return new Decimal(units);
};

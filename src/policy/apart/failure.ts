/** A fault as plain data, because a thread cannot throw into another. */
import { Fault } from '../../contract/index.ts';

export type Failure = Pick<Fault, 'code' | 'message' | 'facts'>;

export const failureOf = (thrown: unknown): Failure => {
  const { code, message, facts } = Fault.from(thrown);
  return { code, message, facts };
};

export const faultOf = ({ code, message, facts }: Failure): Fault => new Fault(code, message, { facts });

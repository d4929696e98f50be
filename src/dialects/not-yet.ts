import { Fault, type Form } from '../contract/index.ts';
import type { Dialect } from './dialect.ts';

export const notYet = (form: Form): Dialect => {
  const never = (): never => {
    throw new Fault('bad_request', `\`${form}\` is not spoken yet`);
  };
  return {
    form,
    readAsk: never,
    writeAsk: never,
    readAnswer: never,
    writeAnswer: never,
    readEvents: never,
    writeEvents: never,
    readFailure: never,
    writeFailure: never,
  };
};

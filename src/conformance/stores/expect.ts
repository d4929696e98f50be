/** What suites expect of a refusal: a Fault of the right code whose message names what the caller needs. */
import assert from 'node:assert/strict';
import { Fault, type FaultCode } from '../../contract/index.ts';

/** Answers the fault, so that a check can look at its facts. `names` are texts that the message must contain. */
export const refused = async (
  work: Promise<unknown>,
  code: FaultCode,
  ...names: readonly (string | number)[]
): Promise<Fault> => {
  const thrown = await work.then(
    () => assert.fail(`expected a fault \`${code}\`, and it went through`),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Fault, `expected a Fault, got ${String(thrown)}`);
  assert.equal(thrown.code, code, thrown.message);
  for (const name of names) assert.ok(thrown.message.includes(String(name)), `\`${thrown.message}\` lacks ${name}`);
  return thrown;
};

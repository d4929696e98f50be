/** Headers that repeat what the body says: whoever is in between reads them, so they must not say anything else. */
import { CODES, fieldText, mirrored, mirrorsIn } from '../../dialects/mcp/index.ts';
import type { Inbound } from '../http/index.ts';
import { type Json, Refusal } from './message.ts';

/** 400, as the protocol says. */
export const mismatch = (message: string): Refusal => new Refusal(400, { code: CODES.headerMismatch, message });

/** A field as it was sent; undefined when it was not. Two of a name have been joined with a comma, and so are no value of ours. */
export const fieldIn = ({ passed }: Pick<Inbound, 'passed'>, name: string): string | undefined =>
  passed.find(([field]) => field === name)?.[1].trim();

/** Throws Refusal for a field that is missing, or says something else than `expected`. */
export const checkField = (inbound: Inbound, name: string, expected: string): void => {
  const field = fieldIn(inbound, name);
  if (field === undefined) throw mismatch(`header \`${name}\` is missing; it must repeat what the body says`);
  if (fieldText(field) !== expected) throw mismatch(`header \`${name}\` and the body do not say the same`);
};

/** The arguments that a tool wants repeated. A number may be written in another way. */
export const checkMirrors = (inbound: Inbound, definition: Json, args: Json): void => {
  const mirrors = mirrorsIn(definition['inputSchema']);
  if (typeof mirrors === 'string') return;
  const expected = mirrored(mirrors, args);
  for (let at = 0; at < expected.length; at += 2) {
    const name = expected[at]!;
    const field = fieldIn(inbound, name);
    const wanted = fieldText(expected[at + 1]!)!;
    const said = field === undefined ? undefined : fieldText(field);
    if (said === undefined) throw mismatch(`header \`${name}\` is missing or no value; it must repeat an argument`);
    if (said !== wanted && !(NUMBER.test(said) && NUMBER.test(wanted) && Number(said) === Number(wanted)))
      throw mismatch(`header \`${name}\` and the arguments do not say the same`);
  }
};

const NUMBER = /^-?\d+(\.\d+)?$/;

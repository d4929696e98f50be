/** What a client must have declared before anything relies on it. */
import { CODES, META } from '../../dialects/mcp/index.ts';
import type { Asked } from './asked.ts';
import { isJson, type Json, Refusal } from './message.ts';

const NEEDED: ReadonlyMap<string, string> = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/** A server may not ask what its client did not say that it can answer. */
export const missingCapability = ({ capabilities, isModern }: Asked, inputRequests: unknown): Refusal | undefined => {
  if (!isJson(inputRequests)) return undefined;
  const missing = Object.values(inputRequests).flatMap((question) => {
    const method = isJson(question) ? question['method'] : undefined;
    const needed = typeof method === 'string' ? NEEDED.get(method) : undefined;
    return needed === undefined || isJson(capabilities[needed]) ? [] : [needed];
  });
  if (missing.length === 0) return undefined;
  return undeclared(Object.fromEntries(missing.map((name) => [name, {}])), isModern);
};

export const undeclared = (required: Json, isModern: boolean): Refusal =>
  new Refusal(isModern ? 400 : 200, {
    code: isModern ? CODES.missingCapability : CODES.invalidRequest,
    message: `the server needs something that the client did not declare in \`${META.capabilities}\`: ${Object.keys(required).join(', ')}`,
    data: { requiredCapabilities: required },
  });

/** The call that goes on when a limit changes what the target gets: other bytes, and so another body that needs its own permit. */
import { type Call, Fault } from '../contract/index.ts';
import { payloadOf } from '../kernel/index.ts';
import { bytesOf, exactJson, numberIn, put, redact } from './redact.ts';

type Limits = {
  readonly maxTokens?: number;
  readonly redactIn?: readonly string[];
};

/**
 * The same call when no limit concerns its bytes. Every rewritten payload is written anew from what was parsed, so that the
 * target reads what was checked.
 * Throws Fault `denied` with the code `CANNOT_REDACT` or `CANNOT_LIMIT_TOKENS` when the payload is nothing that can be rewritten.
 */
export const rewritten = (call: Call, { redactIn, maxTokens: most }: Limits, policyVersion: string): Call => {
  const maxTokens = call.target.kind === 'model' ? most : undefined;
  if (redactIn === undefined && maxTokens === undefined) return call;
  const refuse = (problem: string): Fault =>
    redactIn === undefined
      ? refusal(
          'CANNOT_LIMIT_TOKENS',
          `the limits cap the tokens of this call, and its payload ${problem}`,
          policyVersion,
        )
      : refusal('CANNOT_REDACT', `the limits redact fields of this call, and its payload ${problem}`, policyVersion);
  const json = jsonOf(call, refuse);
  redact(json, redactIn ?? []);
  if (maxTokens !== undefined && !capTokens(json, maxTokens))
    throw refusal(
      'CANNOT_LIMIT_TOKENS',
      'the limits cap the tokens of this call, and its payload is no object',
      policyVersion,
    );
  return { ...call, headers: withoutDigests(call.headers), body: { kind: 'bytes', bytes: bytesOf(json) } };
};

const refusal = (code: string, reason: string, policyVersion: string): Fault =>
  new Fault('denied', `${reason}; send one JSON object as \`application/json\``, { facts: { code, policyVersion } });

const jsonOf = (call: Call, refuse: (problem: string) => Fault): unknown => {
  const payload = payloadOf(call);
  if ('problem' in payload || call.body.kind === 'stream')
    throw refuse('problem' in payload ? payload.problem : 'is a stream');
  return exactJson(call.body.bytes);
};

/** What model APIs call the longest answer. The first one is always there afterwards, the others only if the caller sent them. */
const TOKEN_FIELDS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

/** False when there is no object to put a cap into. What is no number, and might be read as one, becomes the cap. */
const capTokens = (json: unknown, maxTokens: number): boolean => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  for (const name of TOKEN_FIELDS) {
    if (name !== 'max_tokens' && !Object.hasOwn(json, name)) continue;
    const asked = numberIn((json as Record<string, unknown>)[name]);
    if (asked === undefined || asked < 0 || asked > maxTokens) put(json, name, maxTokens);
  }
  return true;
};

/** They speak of bytes that nobody gets any more, and of redacted ones they would tell something. */
const DIGESTS: ReadonlySet<string> = new Set(['content-digest', 'content-md5', 'digest', 'etag', 'repr-digest']);

export const withoutDigests = (headers: Call['headers']): Call['headers'] =>
  headers.filter(([name]) => !DIGESTS.has(name));

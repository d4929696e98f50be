/** The call that goes on when a limit changes what the target gets: other bytes, and so another body that needs its own permit. */
import { type Call, type Constraints, Fault, type Form, formOf } from '../contract/index.ts';
import { argumentsIn, bytesOf, exactJson, numberIn, payloadOf } from '../kernel/index.ts';
import { redact } from './redact.ts';
import { argumentsSeen, inWordsOfRules, isAsRulesSeeIt } from './view.ts';

type Limits = Pick<Constraints, 'maxTokens' | 'redactIn'>;

/**
 * The same call when no limit concerns its bytes. Every rewritten payload is written anew from what was parsed, so that the
 * target reads what was checked.
 * Throws Fault `denied` with the code `CANNOT_REDACT` or `CANNOT_LIMIT_TOKENS` when the payload is nothing that can be rewritten.
 */
export const rewritten = (came: Call, { redactIn, maxTokens }: Limits, policyVersion: string): Call => {
  const cap = came.target.kind === 'model' && !isAnswerless(came) ? maxTokens : undefined;
  if (redactIn === undefined && cap === undefined) return came;
  const refuse = (code: Code, problem: string): Fault => refusal(code, problem, policyVersion);
  // Only there do the fields that limits name have a place.
  const isElsewhere =
    !isAsRulesSeeIt(came) && (redactIn !== undefined || OWN_FIELD[formOf(came.contentType)] === undefined);
  const call = isElsewhere ? inWordsOfRules(came) : came;
  if (call === undefined)
    throw refuse(
      redactIn === undefined ? 'CANNOT_LIMIT_TOKENS' : 'CANNOT_REDACT',
      'says what the words of the limits have no place for',
    );
  const json = jsonOf(call, (problem) =>
    refuse(redactIn === undefined ? 'CANNOT_LIMIT_TOKENS' : 'CANNOT_REDACT', problem),
  );
  redact(argumentsIn(call.contentType, json), redactIn ?? []);
  if (cap !== undefined && !capTokens(json, cap, formOf(call.contentType)))
    throw refuse('CANNOT_LIMIT_TOKENS', 'is no object');
  return { ...call, headers: withoutDigests(call.headers), body: { kind: 'bytes', bytes: bytesOf(json) } };
};

/** What the limits wanted to do when they could not. */
const WANTED = { CANNOT_REDACT: 'redact fields', CANNOT_LIMIT_TOKENS: 'cap the tokens' } as const;
type Code = keyof typeof WANTED;

const refusal = (code: Code, problem: string, policyVersion: string): Fault =>
  new Fault(
    'denied',
    `the limits ${WANTED[code]} of this call, and its payload ${problem}; send one JSON object as \`application/json\`, in the words of the target`,
    { facts: { code, policyVersion } },
  );

const jsonOf = (call: Call, refuse: (problem: string) => Fault): unknown => {
  const payload = formOf(call.contentType) === 'mcp' ? argumentsSeen(call) : payloadOf(call);
  if ('problem' in payload || call.body.kind === 'stream')
    throw refuse('problem' in payload ? payload.problem : 'is a stream');
  return exactJson(call.body.bytes);
};

/** What model APIs call the longest answer. */
const TOKEN_FIELDS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

/**
 * Which of them is there afterwards in any case. Where it is known in whose words the payload is, one of the others is enough: an API
 * refuses what it does not know, or two that say the same.
 */
const OWN_FIELD: Partial<Readonly<Record<Form, (typeof TOKEN_FIELDS)[number]>>> = {
  'openai-chat': 'max_completion_tokens',
  'openai-responses': 'max_output_tokens',
  'anthropic-messages': 'max_tokens',
};

/** No model writes anything here. */
const isAnswerless = ({ contentType, target }: Call): boolean => {
  const form = formOf(contentType);
  if (form === 'openai-embeddings' || form === 'anthropic-count') return true;
  return form === 'openai-responses' && target.operation !== 'chat';
};

/** False when there is no object to put a cap into. What is no number, and might be read as one, becomes the cap. */
const capTokens = (json: unknown, maxTokens: number, form: Form): boolean => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  const payload = json as Record<string, unknown>;
  const own = OWN_FIELD[form];
  const isThere = TOKEN_FIELDS.some((name) => Object.hasOwn(payload, name));
  const added = own === undefined ? 'max_tokens' : isThere ? undefined : own;
  for (const name of TOKEN_FIELDS) {
    if (name !== added && !Object.hasOwn(payload, name)) continue;
    const asked = numberIn(payload[name]);
    if (asked === undefined || asked < 0 || asked > maxTokens) payload[name] = maxTokens;
  }
  return true;
};

/** They speak of bytes that nobody gets any more, and of redacted ones they would tell something. */
const DIGESTS: ReadonlySet<string> = new Set(['content-digest', 'content-md5', 'digest', 'etag', 'repr-digest']);

export const withoutDigests = (headers: Call['headers']): Call['headers'] =>
  headers.filter(([name]) => !DIGESTS.has(name));

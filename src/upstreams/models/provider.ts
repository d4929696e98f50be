/** What providers of models have in common: the payload passes with the provider's own name of the model, and a refusal is one of ours. */
import { type Call, documentIn, type Endpoint, eventsIn, Fault, type Form, type Reply } from '../../contract/index.ts';
import { memberIn, membersIn, withMembers } from '../../dialects/index.ts';
import type { Words } from '../words.ts';

/** The payload as the provider gets it. `more`: further members, from what is there. Throws `bad_request`. */
export const payloadFor = (
  call: Call,
  words: Words,
  endpoint: Endpoint,
  more: (member: (name: string) => unknown) => Readonly<Record<string, unknown>> = () => ({}),
): Uint8Array => {
  if (words.body.kind === 'stream')
    throw new Fault('bad_request', 'a model is asked with one document, not with a stream', { executed: 'no' });
  if (!/^application\/json\s*(;|$)/i.test(words.contentType))
    throw new Fault('bad_request', 'the payload must be sent as `application/json`', { executed: 'no' });
  const { bytes } = words.body;
  const members = membersIn(bytes);
  if (members === undefined) throw new Fault('bad_request', 'the payload must be one JSON object', { executed: 'no' });
  const model = endpoint.speech?.model || call.target.name;
  return withMembers(bytes, members, { model, ...more((name) => memberIn(bytes, members, name)) });
};

/** Whose account it is that answers is nothing that callers need to know. */
const ACCOUNT = /organization|project/;

/** A provider knows nothing of forms: it answers in the one that it was asked in. */
export const labelled = (answered: Reply, form: Form): Reply => {
  const reply = { ...answered, headers: answered.headers.filter(([name]) => !ACCOUNT.test(name)) };
  if (form === 'plain') return reply;
  if (reply.contentType.startsWith('text/event-stream')) return { ...reply, contentType: eventsIn(form) };
  return /^application\/json\s*(;|$)/i.test(reply.contentType) ? { ...reply, contentType: documentIn(form) } : reply;
};

/** Too many calls, overloaded, out of capacity: providers say so before they run anything, and charge nothing. */
const REFUSES: ReadonlySet<number> = new Set([429, 503, 529]);
/** The key that Airspace shows is not good, or not good for this: nothing that the caller can mend. */
const LOCKED: ReadonlySet<number> = new Set([401, 403]);

/**
 * Throws `refused` for what the provider did not run, so that another endpoint or model gets the call.
 * Everything else passes, with the provider's own words.
 */
export const throwIfRefused = async (reply: Reply, call: Call): Promise<Reply> => {
  const { status } = reply;
  if (!REFUSES.has(status) && !LOCKED.has(status)) return reply;
  const { message, reason } = await saidIn(reply);
  const name = `model \`${call.target.name}\``;
  // What it says about a key may hold a part of it.
  const text =
    status === 401
      ? `the provider of ${name} does not take the key that it is shown; its operator has to look at it`
      : `the provider of ${name} refused the call without running it${message === '' ? '' : `: ${message}`}`;
  throw new Fault('refused', text, {
    executed: 'no',
    facts: { endpoint: reply.endpoint, status, ...(reason === '' ? {} : { reason }) },
    ...retryAfter(reply),
  });
};

const retryAfter = ({ headers }: Reply): { readonly retryAfterMs?: number } => {
  const ms = headers.find(([name]) => name === 'retry-after-ms')?.[1] ?? '';
  if (/^\d{1,9}$/.test(ms)) return { retryAfterMs: Number(ms) };
  const seconds = headers.find(([name]) => name === 'retry-after')?.[1] ?? '';
  return /^\d{1,6}$/.test(seconds) ? { retryAfterMs: Number(seconds) * 1_000 } : {};
};

const MOST_READ = 64 * 1024;
const MOST_SHOWN = 500;

/** Of an error document, safe to print; empty where there is none. */
const saidIn = async (reply: Reply): Promise<{ readonly message: string; readonly reason: string }> => {
  try {
    const { error } = JSON.parse((await collected(reply)).toString()) as { readonly error?: unknown };
    const said = typeof error === 'object' && error !== null ? error : {};
    const { message, code, type } = said as Record<string, unknown>;
    return { message: printable(message), reason: printable(typeof code === 'string' ? code : type) };
  } catch {
    return { message: '', reason: '' };
  }
};

/** A failure whole; of a longer one the beginning. */
export const collected = async ({ body }: Reply): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.kind === 'bytes' ? [body.bytes] : body.chunks) {
    parts.push(chunk);
    size += chunk.byteLength;
    if (size > MOST_READ) break;
  }
  return Buffer.concat(parts);
};

const printable = (text: unknown): string =>
  typeof text === 'string' ? text.slice(0, MOST_SHOWN).replace(/[^\x20-\x7e\xa1-\uffff]/g, ' ') : '';

/** How traces and metrics get to a collector: OTLP over HTTP, one POST for each batch. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { request } from 'undici';
import { CONTENT_TYPES, type Encoding, encodingOf, readTaken } from '../../dialects/otlp/index.ts';
import type { Delivery, NameSet } from '../../telemetry/index.ts';

/** Of one signal. */
export interface CollectorSettings {
  /** Where batches are posted, with its path. */
  readonly url: string;
  readonly encoding: Encoding;
  /** Sent with each; they may hold credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** From the first byte of a request to the last of its answer. */
  readonly timeoutMs: number;
  readonly isCompressed: boolean;
}

/** Of traces. */
export interface OtlpSettings extends CollectorSettings {
  readonly names: NameSet;
}

/** Of metrics. */
export interface OtlpMetricSettings extends CollectorSettings {
  /** From one push to the next. */
  readonly intervalMs: number;
  /** All tries of one push. */
  readonly pushMs: number;
}

/** An answer says whether something was left out, and needs no more. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** What OTLP says can be sent again as it is. */
const LATER = new Set([429, 502, 503, 504]);

const compressed = promisify(gzip);

/** Never throws, and ends by itself. */
export const collector =
  (settings: CollectorSettings) =>
  async (body: Uint8Array): Promise<Delivery> => {
    try {
      return await post(settings, body);
    } catch (thrown) {
      return { kind: 'later', why: whyOf(thrown, settings.timeoutMs) };
    }
  };

const post = async (
  { url, encoding, headers, timeoutMs, isCompressed }: CollectorSettings,
  body: Uint8Array,
): Promise<Delivery> => {
  const answer = await request(url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': CONTENT_TYPES[encoding],
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    },
    body: isCompressed ? await compressed(body) : body,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { statusCode } = answer;
  const bytes = await beginningOf(answer.body);
  if (statusCode >= 200 && statusCode < 300)
    return { kind: 'taken', partial: readTaken(bytes, encodingOf(textOf(answer.headers['content-type'])) ?? encoding) };
  const why = `the collector answered ${statusCode}`;
  if (!LATER.has(statusCode)) return { kind: 'refused', why };
  return { kind: 'later', why, ...askedMs(textOf(answer.headers['retry-after'])) };
};

const textOf = (header: string | readonly string[] | undefined): string =>
  typeof header === 'string' ? header : (header?.[0] ?? '');

/** Seconds, or the time of day: RFC 9110, 10.2.3. */
const askedMs = (retryAfter: string): { readonly afterMs?: number } => {
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return ms > 0 ? { afterMs: ms } : {};
};

/** What goes on beyond it is cut off: leaving the loop closes the connection. */
const beginningOf = async (body: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MOST_ANSWER_BYTES) return new Uint8Array(0);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const whyOf = (thrown: unknown, timeoutMs: number): string => {
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return `the collector said nothing in ${timeoutMs} ms`;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return `the collector was not reached${code === '' ? '' : ` (${code})`}`;
};

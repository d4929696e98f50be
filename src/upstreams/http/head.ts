/** The head of a reply, read once: what we act on, and what may pass to the caller. */
import { HEADERS, RESERVED_PREFIX } from '../../contract/index.ts';

export interface Head {
  readonly status: number;
  readonly contentType: string;
  /** Null when the target did not say. */
  readonly length: number | null;
  readonly eventStream: boolean;
  /** The explicit marker of R4. */
  readonly notExecuted: boolean;
  readonly retryAfterMs: number | undefined;
  /** What another node says about the target behind it; empty from targets themselves. */
  readonly node: {
    readonly endpoint: string;
    readonly version: string;
    readonly pin: string;
    readonly notes: readonly string[];
  };
  readonly passed: readonly (readonly [string, string])[];
}

/**
 * A target speaks through our origin, so it may not set cookies, open the origin to other sites, send the caller's client
 * elsewhere, or speak as Airspace.
 */
const KEPT_BACK: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'transfer-encoding',
  'trailer',
  'te',
  'upgrade',
  'content-type',
  'content-length',
  'date',
  'server',
  'set-cookie',
  'set-cookie2',
  'location',
  'refresh',
  'www-authenticate',
  'authentication-info',
  'clear-site-data',
  'strict-transport-security',
  'alt-svc',
  'content-security-policy',
  'service-worker-allowed',
  'x-content-type-options',
  'retry-after',
  '__proto__',
]);

const MAX_PASSED = 64;
const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

const text = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : (value ?? '');

/** Seconds only: a date would need the wall clock of somebody else. */
const retryAfter = (value: string): number | undefined => (/^\d{1,6}$/.test(value) ? Number(value) * 1_000 : undefined);

const mayPass = (name: string): boolean =>
  !KEPT_BACK.has(name) && !name.startsWith(RESERVED_PREFIX) && !name.startsWith('access-control-');

/** Takes what the client parsed: lower-case names, values in Latin-1, several values as an array. */
export const readHead = (status: number, raw: RawHeaders): Head => {
  const passed: [string, string][] = [];
  for (const name in raw) {
    if (passed.length === MAX_PASSED) break;
    if (!mayPass(name)) continue;
    const value = text(raw[name]);
    if (FIELD_TEXT.test(value)) passed.push([name, value]);
  }
  const contentType = text(raw['content-type']);
  const after = retryAfter(text(raw['retry-after']));
  if (after !== undefined) passed.push(['retry-after', text(raw['retry-after'])]);
  const length = text(raw['content-length']);
  return {
    status,
    contentType: FIELD_TEXT.test(contentType) ? contentType : 'application/octet-stream',
    length: status === 204 || status === 304 ? 0 : /^\d{1,15}$/.test(length) ? Number(length) : null,
    eventStream: contentType.startsWith('text/event-stream'),
    notExecuted: raw[HEADERS.executed] === 'no',
    retryAfterMs: after,
    node: {
      endpoint: text(raw[HEADERS.endpoint]),
      version: text(raw[HEADERS.version]),
      pin: text(raw[HEADERS.pin]),
      notes: text(raw[HEADERS.notes])
        .split(',')
        .map((note) => note.trim())
        .filter(Boolean)
        .slice(0, 16),
    },
    passed,
  };
};

/** Talks to the admin door of a node: JSON both ways, problems as failures with their exit code, events as they come. */
import { EXIT, Failure, problemOf, refusalOf } from './failure.ts';
import type { Settings } from './settings.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

export class Admin {
  readonly #settings: Settings;
  readonly #until: AbortSignal | null;
  readonly #changing: () => Promise<void>;

  /**
   * `until`: no answer is waited for when it is over. Default: as long as it takes. `changing`: before anything is asked that may
   * change something. Default: nobody wants to know.
   */
  constructor(settings: Settings, until: AbortSignal | null = null, changing: () => Promise<void> = async () => {}) {
    this.#settings = settings;
    this.#until = until;
    this.#changing = changing;
  }

  get url(): string {
    return this.#settings.url;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#ask<T>('GET', `${path}${searchOf(query)}`);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>('POST', path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.#ask<T>('DELETE', path);
  }

  /** Server-sent events until the node ends them or the loop is left. */
  async *stream(path: string, query: Query = {}): AsyncGenerator<ServerEvent> {
    const leave = new AbortController();
    try {
      const response = await this.#send('GET', `${path}${searchOf(query)}`, undefined, leave.signal);
      if (response.body === null) return;
      yield* eventsOf(response.body.pipeThrough(new TextDecoderStream()));
    } finally {
      leave.abort();
    }
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    if (method !== 'GET' && !QUESTIONS.has(path)) await this.#changing();
    const response = await this.#send(method, path, body);
    return (await response.json()) as T;
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    signal: AbortSignal | null = this.#until,
  ): Promise<Response> {
    const { url, key } = this.#settings;
    const headers = {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const response = await reach(this.#settings, () =>
      // A redirect would carry the key to wherever it points.
      fetch(`${url}${path}`, {
        method,
        headers,
        redirect: 'error',
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    if (response.ok) return response;
    throw refusalOf(problemOf(response.status, await response.json().catch(() => undefined)));
  }
}

/** They are posted because they are long: nothing changes by them. */
const QUESTIONS: ReadonlySet<string> = new Set([
  '/v1/resources:diff',
  '/v1/policy:can',
  '/v1/policy/diagnose',
  '/v1/policy/releases:check',
  '/v1/policy/releases:replay',
  '/v1/plans:check',
  '/v1/discover',
  '/v1/audit:verify',
]);

/** Runs a fetch; no answer becomes a failure that says where we looked, and why there. */
export const reach = async ({ url, origin }: Settings, ask: () => Promise<Response>): Promise<Response> => {
  try {
    return await ask();
  } catch (thrown) {
    throw new Failure(EXIT.unreachable, `no answer from airspace at ${url} (address from ${origin})`, {
      because: causeOf(thrown),
      try: isAboutTrust(thrown)
        ? 'NODE_EXTRA_CA_CERTS=<ca.pem>, and with --url a name that is in the certificate'
        : 'airspace up, or another address with --url',
      code: 'unreachable',
    });
  }
};

/** Codes of OpenSSL and of Node for certificates that were refused. */
const TRUST = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

const isAboutTrust = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  thrown.cause instanceof Error &&
  'code' in thrown.cause &&
  TRUST.test(String(thrown.cause.code));

const causeOf = (thrown: unknown): string => {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  if (cause instanceof Error) return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message;
  return String(cause);
};

const searchOf = (query: Query): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
};

async function* eventsOf(text: ReadableStream<string>): AsyncGenerator<ServerEvent> {
  let rest = '';
  for await (const chunk of text) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(':', 1)[0]!, line.slice(line.indexOf(':') + 1).trim()]),
      );
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data };
    }
  }
}

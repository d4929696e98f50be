/** One request of the harness over a real connection. What breaks is an answer too: nobody knows what became of it. */
import { Agent, request } from 'undici';

/** The harness outlives every node, so it closes connections early and never waits long for a dead one. */
const dispatcher = new Agent({ connect: { timeout: 2_000 }, headersTimeout: 12_000, bodyTimeout: 12_000 });

export interface Answer {
  /** 0 when the connection could not be made, broke, or ended early. */
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export const NO_ANSWER: Answer = { status: 0, body: '', headers: {} };

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const ask = async (url: string, { method = 'GET', key, headers, body }: Asking = {}): Promise<Answer> => {
  try {
    const reply = await request(url, {
      dispatcher,
      method,
      headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: reply.statusCode, body: await reply.body.text(), headers: reply.headers };
  } catch {
    return NO_ANSWER;
  }
};

/** The JSON of an answer; undefined when it was no 2xx. */
export const askJson = async <T>(url: string, asking: Asking): Promise<T | undefined> => {
  const { status, body } = await ask(url, asking);
  return isAcknowledged(status) ? (JSON.parse(body) as T) : undefined;
};

export const isAcknowledged = (status: number): boolean => status >= 200 && status < 300;

export const pause = (ms: number): Promise<void> => new Promise((later) => setTimeout(later, ms));

/** Looks until it finds something, or answers undefined when the time is over. */
export const eventually = async <T>(look: () => Promise<T | undefined>, withinMs: number): Promise<T | undefined> => {
  for (const endMs = performance.now() + withinMs; ; ) {
    const found = await look();
    if (found !== undefined || performance.now() > endMs) return found;
    await pause(20);
  }
};

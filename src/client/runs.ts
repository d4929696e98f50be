/** Runs of plans, for whoever started them: started, looked at, followed, stopped. */
import type { RunDetail, RunEvent, RunView } from '../contract/run.ts';
import { type CallOptions, type ClientOptions, chunksOf, createClient, type Payload, pause, Wire } from './client.ts';
import { AirspaceError } from './errors.ts';
import { readEvents } from './sse.ts';

/** Methods throw `AirspaceError`. */
export class Runs {
  readonly #wire: Wire;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#wire = new Wire(options);
  }

  /** Answers the id of the run, which goes on without us. With the same idempotency key it is started once. */
  start(plan: string, input: Payload = {}, options: CallOptions = {}): Promise<{ readonly id: string }> {
    return createClient(this.#options).callAsync(plan, 'run', input, options);
  }

  /** Newest first. */
  async list(
    filter: { readonly plan?: string; readonly state?: string; readonly limit?: number } = {},
  ): Promise<readonly RunView[]> {
    const query = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)]));
    return ((await this.#ask('GET', `?${query}`)) as { readonly items: readonly RunView[] }).items;
  }

  get(id: string): Promise<RunDetail> {
    return this.#ask('GET', `/${id}`) as Promise<RunDetail>;
  }

  /** Events as they come, to the end of the run; a connection that breaks is opened again where it was. */
  async *events(
    id: string,
    { after = 0, signal }: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<RunEvent> {
    let seen = after;
    for (let failures = 0; ; failures++) {
      try {
        const reply = await this.#wire.send('GET', `/v1/runs/${encodeURIComponent(id)}/stream?after=${seen}`, {
          signal,
        });
        for await (const { data } of readEvents(chunksOf(reply.body!))) {
          const event = JSON.parse(data) as RunEvent;
          failures = 0;
          seen = event.seq;
          yield event;
          if (event.kind === 'finished') return;
        }
      } catch (thrown) {
        const isRefused =
          thrown instanceof AirspaceError && thrown.code !== 'unreachable' && thrown.code !== 'not_found';
        if (isRefused || failures >= MOST_FAILURES || signal?.aborted) throw thrown;
      }
      await pause(Math.min(5_000, 200 * 2 ** failures), signal);
    }
  }

  pause(id: string): Promise<RunDetail> {
    return this.#wish(id, 'pause', {});
  }

  resume(id: string): Promise<RunDetail> {
    return this.#wish(id, 'resume', {});
  }

  /** Asks it to stop and to take back what ran. */
  cancel(id: string): Promise<RunDetail> {
    return this.#wish(id, 'cancel', {});
  }

  retry(id: string, from: string): Promise<RunDetail> {
    return this.#wish(id, 'retry', { from });
  }

  signal(id: string, name: string, body: unknown = null): Promise<RunDetail> {
    return this.#wish(id, 'signal', { name, body });
  }

  #wish(id: string, wish: string, body: object): Promise<RunDetail> {
    return this.#ask('POST', `/${id}:${wish}`, body) as Promise<RunDetail>;
  }

  async #ask(method: string, rest: string, body?: object): Promise<unknown> {
    const reply = await this.#wire.send(method, `/v1/runs${rest}`, {
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return reply.json();
  }
}

const MOST_FAILURES = 5;

/** Kept-alive connections, one pool per origin; pools of origins that nobody calls any more are closed. */
import { type buildConnector, Pool } from 'undici';
import type { Clock } from '../../contract/index.ts';
import { guardedConnector } from './connector.ts';
import type { Limits } from './limits.ts';

export interface Way {
  readonly pool: Pool;
  /** Path of the endpoint's URL without a slash at its end. */
  readonly base: string;
}

interface Origin {
  readonly pool: Pool;
  usedAtMs: number;
}

const HTTP1 = { pipelining: 1, allowH2: false };

/** Without TLS nobody negotiates, so it begins at once. The types of the client do not know that it can. */
const HTTP2 = {
  tls: {},
  clear: { useH2c: true } as buildConnector.BuildOptions,
};

const IDLE_ORIGIN_MS = 10 * 60_000;

export class Pools {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #origins = new Map<string, Origin>();
  #ways = new Map<string, { readonly way: Way; readonly origin: Origin }>();

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** `url` is an endpoint's own, already checked by configuration. Throws TypeError when it is not a URL. */
  to(url: string, isHttp2 = false): Way {
    const key = isHttp2 ? `http2 ${url}` : url;
    const known = this.#ways.get(key);
    if (known !== undefined) {
      known.origin.usedAtMs = this.#clock.nowMs();
      return known.way;
    }
    this.#sweep();
    const { origin: name, pathname } = new URL(url);
    const origin = this.#origins.get(isHttp2 ? `http2 ${name}` : name) ?? this.#open(name, isHttp2);
    const way = { pool: origin.pool, base: pathname.replace(/\/+$/, '') };
    this.#ways.set(key, { way, origin });
    return way;
  }

  async close(): Promise<void> {
    const origins = [...this.#origins.values()];
    this.#origins.clear();
    this.#ways.clear();
    await Promise.all(origins.map(({ pool }) => pool.destroy()));
  }

  #open(name: string, isHttp2: boolean): Origin {
    const { connections, connectMs, maxHeaderBytes } = this.#limits;
    const pool = new Pool(name, {
      connections,
      // Of HTTP/2 the other side says how many calls share a connection.
      ...(isHttp2 ? { allowH2: true } : HTTP1),
      connect: guardedConnector({
        timeout: connectMs,
        allowH2: isHttp2,
        ...(isHttp2 ? HTTP2[name.startsWith('https:') ? 'tls' : 'clear'] : {}),
      }),
      maxHeaderSize: maxHeaderBytes,
      // An exchange has its own timers for these (D2); two clocks for one limit would disagree.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const origin = { pool, usedAtMs: this.#clock.nowMs() };
    this.#origins.set(isHttp2 ? `http2 ${name}` : name, origin);
    return origin;
  }

  #sweep(): void {
    const before = this.#clock.nowMs() - IDLE_ORIGIN_MS;
    for (const [name, origin] of this.#origins) {
      if (origin.usedAtMs > before || origin.pool.stats.running > 0) continue;
      this.#origins.delete(name);
      void origin.pool.close();
      this.#ways = new Map([...this.#ways].filter(([, known]) => known.origin !== origin));
    }
  }
}

/** Kept-alive connections, one pool per origin; pools of origins that nobody calls any more are closed. */
import { type buildConnector, Pool } from 'undici';
import type { Clock } from '../../contract/index.ts';
import { guardedConnector, type Secured, securedConnector } from './connector.ts';
import type { Limits } from './limits.ts';

export interface Way {
  readonly pool: Pool;
  /** Path of the endpoint's URL without a slash at its end. */
  readonly base: string;
}

interface Origin {
  readonly pool: Pool;
  readonly secured: Secured | undefined;
  usedAtMs: number;
}

/** How a connection is made, besides its address. */
export interface How {
  readonly isHttp2?: boolean | undefined;
  /** Of a node that is reached with certificates: its id, and how. */
  readonly node?: string;
  readonly secured?: Secured | undefined;
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

  /**
   * `url` is an endpoint's own, already checked by configuration. Throws TypeError when it is not a URL.
   * INVARIANT: what was opened to one node serves no other, whatever address they say they have.
   */
  to(url: string, how: How = {}): Way {
    const key = keyOf(url, how);
    const known = this.#ways.get(key);
    if (known !== undefined && known.origin.secured === how.secured) {
      known.origin.usedAtMs = this.#clock.nowMs();
      return known.way;
    }
    this.#sweep();
    const { name, base } = placeOf(url);
    const there = this.#origins.get(keyOf(name, how));
    const origin = there?.secured === how.secured && there !== undefined ? there : this.#open(name, how);
    const way = { pool: origin.pool, base };
    this.#ways.set(key, { way, origin });
    return way;
  }

  async close(): Promise<void> {
    const origins = [...this.#origins.values()];
    this.#origins.clear();
    this.#ways.clear();
    await Promise.all(origins.map(({ pool }) => pool.destroy()));
  }

  #open(name: string, how: How): Origin {
    const { connections, maxHeaderBytes } = this.#limits;
    const key = keyOf(name, how);
    this.#retire(key);
    const pool = new Pool(name.startsWith(UNIX) ? 'http://localhost' : name, {
      connections,
      // Of HTTP/2 the other side says how many calls share a connection.
      ...(how.isHttp2 === true ? { allowH2: true } : HTTP1),
      connect: this.#connectorTo(name, how),
      maxHeaderSize: maxHeaderBytes,
      // An exchange has its own timers for these (D2); two clocks for one limit would disagree.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const origin = { pool, secured: how.secured, usedAtMs: this.#clock.nowMs() };
    this.#origins.set(key, origin);
    return origin;
  }

  #connectorTo(name: string, { isHttp2 = false, secured }: How): buildConnector.connector {
    const bounds = { timeout: this.#limits.connectMs, allowH2: isHttp2 };
    if (secured !== undefined) return securedConnector(bounds, secured);
    if (name.startsWith(UNIX)) return guardedConnector({ ...bounds, socketPath: name.slice(UNIX.length) });
    return guardedConnector({
      ...bounds,
      ...(isHttp2 ? HTTP2[name.startsWith('https:') ? 'tls' : 'clear'] : {}),
    });
  }

  /** What is under way over it finishes; nothing new begins. */
  #retire(key: string): void {
    const before = this.#origins.get(key);
    if (before === undefined) return;
    this.#origins.delete(key);
    void before.pool.close();
    this.#ways = new Map([...this.#ways].filter(([, known]) => known.origin !== before));
  }

  #sweep(): void {
    const before = this.#clock.nowMs() - IDLE_ORIGIN_MS;
    for (const [name, origin] of this.#origins) {
      if (origin.usedAtMs > before || origin.pool.stats.running > 0) continue;
      this.#retire(name);
    }
  }
}

/** An agent behind a socket of this machine: only the command line of its own sidecar can say so. */
const UNIX = 'unix:';

const keyOf = (url: string, { isHttp2 = false, node = '' }: How): string =>
  `${isHttp2 ? 'http2 ' : ''}${node === '' ? '' : `${node} `}${url}`;

const placeOf = (url: string): { readonly name: string; readonly base: string } => {
  if (url.startsWith(UNIX)) return { name: url, base: '' };
  const { origin, pathname } = new URL(url);
  return { name: origin, base: pathname.replace(/\/+$/, '') };
};

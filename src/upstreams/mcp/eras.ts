/** Which versions a server speaks: asked once, and remembered for a while. */
import { type Clock, type Endpoint, Fault } from '../../contract/index.ts';
import { CODES, type Era, eraOf, MODERN, type RpcError, resultTypeOf } from '../../dialects/mcp/index.ts';
import type { Mirrors } from './mirrors.ts';
import { askModern } from './modern.ts';
import { invalid, type Wire } from './wire.ts';

export type Server =
  /** `discover`: JSON text of what `server/discover` answered; empty where a configuration says the version, and nobody has asked. */
  { readonly era: 'modern'; readonly discover: string } | { readonly era: 'legacy' };

const KEPT_MS = 10 * 60_000;
const MOST = 1_000;
const MOST_DISCOVER_CHARS = 64 * 1024;

export class Eras {
  readonly #clock: Clock;
  readonly #mirrors: Mirrors;
  readonly #known = new Map<string, { readonly server: Server; readonly untilMs: number }>();

  constructor(clock: Clock, mirrors: Mirrors) {
    this.#clock = clock;
    this.#mirrors = mirrors;
  }

  /** What a configuration says; undefined when it says nothing. Throws `unavailable` for a version that is not spoken here. */
  pinned({ speech }: Endpoint): Era | undefined {
    if (speech === undefined || speech.version === '') return undefined;
    const era = eraOf(speech.version);
    if (era === undefined)
      throw new Fault(
        'unavailable',
        `version \`${speech.version}\` of MCP is not spoken here; leave it out, and it is asked`,
      );
    return era;
  }

  async of(wire: Wire): Promise<Server> {
    const pinned = this.pinned(wire.endpoint);
    if (pinned !== undefined) return pinned === 'modern' ? { era: 'modern', discover: '' } : { era: 'legacy' };
    const known = this.#known.get(keyOf(wire.endpoint));
    if (known !== undefined && known.untilMs > this.#clock.nowMs()) return known.server;
    const server = await this.#asked(wire);
    this.#keep(wire.endpoint, server);
    return server;
  }

  /** What `server/discover` answers, of a server that is known to be modern. */
  async discovered(wire: Wire): Promise<string> {
    const server = await this.of(wire);
    if (server.era === 'modern' && server.discover !== '') return server.discover;
    const asked = await this.#asked(wire);
    return asked.era === 'modern' ? asked.discover : '{}';
  }

  forget(endpoint: Endpoint): void {
    this.#known.delete(keyOf(endpoint));
  }

  #keep(endpoint: Endpoint, server: Server): void {
    if (server.era === 'modern' && server.discover.length > MOST_DISCOVER_CHARS)
      throw invalid('says too much of itself');
    if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(keyOf(endpoint), { server, untilMs: this.#clock.nowMs() + KEPT_MS });
  }

  /** Whatever a server answers that does not know the question, it is of the old kind: its handshake says more. */
  async #asked(wire: Wire, isAgain = false): Promise<Server> {
    const asking = { method: 'server/discover', params: '{}', meta: {}, capabilities: {} };
    try {
      for await (const said of askModern(asking, { wire, id: 0, mirrors: this.#mirrors })) {
        if (said.kind === 'result') return speaksModern(said.result) ? { era: 'modern', discover: said.result } : OLD;
        if (said.kind === 'message') continue;
        if (said.error.code === CODES.missingCapability) return { era: 'modern', discover: '{}' };
        // Whoever names what it speaks may only have wanted to be asked in that.
        return isOffered(said.error) && !isAgain ? this.#asked(wire, true) : OLD;
      }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== 'upstream_invalid') throw thrown;
    }
    return OLD;
  }
}

const OLD: Server = { era: 'legacy' };

const isOffered = ({ code, data }: RpcError): boolean => {
  const { supported } = (typeof data === 'object' && data !== null ? data : {}) as { readonly supported?: unknown };
  return code === CODES.unsupportedVersion && Array.isArray(supported) && supported.includes(MODERN);
};

const speaksModern = (result: string): boolean => {
  const { supportedVersions } = JSON.parse(result) as { readonly supportedVersions?: unknown };
  return resultTypeOf(result) === 'complete' && Array.isArray(supportedVersions) && supportedVersions.includes(MODERN);
};

const keyOf = ({ id, url }: Endpoint): string => `${id} ${url}`;

/**
 * Holds each tool against the definition that somebody accepted, before it is called: a server that describes a tool otherwise by now
 * may have another tool behind the name, or words for the model in its description.
 */
import { type Clock, type Endpoint, Fault, type Target } from '../../contract/index.ts';
import { type Definition, fingerprint, type Standing, standingOf, toolsIn } from '../../dialects/mcp/index.ts';
import type { Said } from './said.ts';
import { invalid } from './wire.ts';

/** A list is as good as new for so long, or for as long as its server says, if that is less. */
const KEPT_MS = 3 * 60_000;
const LEAST_MS = 5_000;
const MOST_ENDPOINTS = 1_000;
const MOST_PAGES = 50;
const MOST_TOOLS = 5_000;
const MOST_CHARS = 16 * 1024 * 1024;

/** Fingerprints by name. */
type Tools = ReadonlyMap<string, readonly string[]>;

interface Seen {
  readonly tools: Promise<Tools>;
  untilMs: number;
}

/** Asks for one page of the server's tools. */
export type List = (cursor: string) => AsyncGenerator<Said>;

export class Pins {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `denied` with the fact `code: TOOL_CHANGED`, and `unavailable` when the server does not say what its tools are. */
  async check(endpoint: Endpoint, target: Target, list: List): Promise<void> {
    const pinned = endpoint.operations?.find(({ name }) => name === target.operation)?.definition;
    if (pinned === undefined) return;
    const standing = await this.#standing(endpoint, pinned, list);
    if (standing !== 'same') throw changed(endpoint, target, standing);
  }

  /** A page that somebody asked for: when it says anything else than the list that is kept, that one is old. */
  async note(endpoint: Endpoint, result: string, isFirst: boolean): Promise<void> {
    const known = this.#seen.get(keyOf(endpoint));
    if (known === undefined) return;
    const tools = (await known.tools.catch(() => undefined)) ?? new Map<string, readonly string[]>();
    const page = toolsIn(result);
    const count = [...tools.values()].reduce((sum, same) => sum + same.length, 0);
    const isShort = isFirst && page?.nextCursor === '' && page.tools.length !== count;
    const isOld =
      isShort ||
      page?.tools.some((tool) => tools.get(String(tool['name']))?.includes(fingerprint(tool)) !== true) === true;
    if (isOld && this.#seen.get(keyOf(endpoint)) === known) this.#seen.delete(keyOf(endpoint));
  }

  /** The server announced that its tools are others. */
  forget(endpoint: Endpoint): void {
    this.#seen.delete(keyOf(endpoint));
  }

  async #standing(endpoint: Endpoint, pinned: Definition, list: List): Promise<Standing> {
    const tools = await this.#tools(endpoint, list);
    return standingOf(pinned, tools.get(String(pinned['name'])) ?? []);
  }

  /** One list for everybody who wants it at the same time; whoever asked for it may go away, and then the next one asks. */
  async #tools(endpoint: Endpoint, list: List): Promise<Tools> {
    const key = keyOf(endpoint);
    const known = this.#seen.get(key);
    if (known !== undefined && known.untilMs > this.#clock.nowMs()) {
      const tools = await known.tools.catch(() => undefined);
      if (tools !== undefined) return tools;
    }
    if (this.#seen.get(key) === known) this.#seen.delete(key);
    const newer = this.#seen.get(key);
    if (newer !== undefined) return newer.tools;
    return this.#asked(key, list);
  }

  async #asked(key: string, list: List): Promise<Tools> {
    const asked = read(list);
    const seen: Seen = { tools: asked.then(({ tools }) => tools), untilMs: Number.POSITIVE_INFINITY };
    seen.tools.catch(() => {});
    if (this.#seen.size >= MOST_ENDPOINTS) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(key, seen);
    try {
      const { tools, ttlMs } = await asked;
      seen.untilMs = this.#clock.nowMs() + Math.max(LEAST_MS, Math.min(ttlMs, KEPT_MS));
      return tools;
    } catch (thrown) {
      if (this.#seen.get(key) === seen) this.#seen.delete(key);
      throw thrown;
    }
  }
}

const keyOf = ({ id, url }: Endpoint): string => `${id} ${url}`;

const read = async (list: List): Promise<{ readonly tools: Tools; readonly ttlMs: number }> => {
  const tools = new Map<string, string[]>();
  let ttlMs = KEPT_MS;
  let cursor = '';
  let count = 0;
  let chars = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const result = await resultIn(list(cursor));
    const found = toolsIn(result);
    if (found === undefined) throw invalid('answered a list of tools that is none');
    chars += result.length;
    count += found.tools.length;
    if (count > MOST_TOOLS || chars > MOST_CHARS) throw invalid('has more tools than anybody needs');
    for (const tool of found.tools) {
      const name = String(tool['name']);
      tools.set(name, [...(tools.get(name) ?? []), fingerprint(tool)]);
    }
    ttlMs = Math.min(ttlMs, ttlIn(result));
    if (found.nextCursor === '') return { tools, ttlMs };
    cursor = found.nextCursor;
  }
  throw invalid('has a list of tools without end');
};

/** 0 is what servers say that have not thought about it. */
const ttlIn = (result: string): number => {
  const { ttlMs } = JSON.parse(result) as { readonly ttlMs?: unknown };
  return typeof ttlMs === 'number' && ttlMs > 0 ? ttlMs : KEPT_MS;
};

const resultIn = async (said: AsyncGenerator<Said>): Promise<string> => {
  for await (const one of said) {
    if (one.kind === 'result') return one.result;
    if (one.kind === 'error')
      throw new Fault('unavailable', 'the MCP server does not say what its tools are, so none of them is called', {
        facts: { code: one.error.code },
      });
  }
  throw invalid('answered nothing to `tools/list`');
};

const WHAT: Readonly<Record<Exclude<Standing, 'same'>, string>> = {
  changed: 'is defined otherwise by now than when it was accepted',
  gone: 'is not offered by its server any more',
  twice: 'is defined twice by its server',
};

const changed = ({ id }: Endpoint, { name, operation }: Target, standing: Exclude<Standing, 'same'>): Fault =>
  new Fault(
    'denied',
    `\`${operation}\` of tool \`${name}\` ${WHAT[standing]}; look with \`airspace tool diff ${name}\`, and accept it with \`airspace tool accept ${name} ${operation}\``,
    { facts: { code: 'TOOL_CHANGED', standing, endpoint: id } },
  );

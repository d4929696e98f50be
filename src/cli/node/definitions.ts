/**
 * What MCP servers say that their tools are, beside what was accepted: for people who look. It stops no call; the node that sends a call
 * to a server does that, by a look of its own.
 */
import { createHash } from 'node:crypto';
import {
  type Call,
  documentIn,
  FACT_READER,
  Fault,
  MCP_PREFIX,
  type Reply,
  type Snapshot,
  type TargetEntry,
  type Timer,
  targetKey,
} from '../../contract/index.ts';
import { canonical, type Definition, fingerprint, standingOf, textOf, toolsIn } from '../../dialects/mcp/index.ts';
import type { ToolOperationView, ToolView } from '../../doors/admin/index.ts';
import { type Handler, rootScope, silentSpan, type World } from '../../kernel/index.ts';
import type { LivePipeline } from './live.ts';

export interface DefinitionParts {
  readonly world: World;
  /** The pipeline of this node: each look is a call of Airspace itself, which policy must permit. */
  readonly handler: Handler;
  readonly snapshot: () => Snapshot | undefined;
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What was seen last of one target. */
export interface Seen {
  readonly atMs: number;
  /** Why nothing is known now; empty when it is. */
  readonly problem: string;
  readonly tools: ReadonlyMap<string, readonly Definition[]>;
}

const EVERY_MS = 3 * 60_000;
const SOON_MS = 500;
const LOOK_MS = 10_000;
const MOST_PAGES = 50;
const MOST_TOOLS = 5_000;
const MOST_BYTES = 4 * 1024 * 1024;

export class Definitions {
  readonly #parts: DefinitionParts;
  readonly #seen = new Map<string, Seen>();
  #timer: Timer | undefined;
  #isOver = false;
  #isLooking = false;

  constructor(parts: DefinitionParts) {
    this.#parts = parts;
  }

  /** Looks soon, and again every few minutes. */
  start(): void {
    this.#arm(SOON_MS);
  }

  /** The configuration changed: what was not seen yet is looked at soon. */
  changed(): void {
    this.#arm(SOON_MS);
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  views(tenant: string): readonly ToolView[] {
    return this.#servers().flatMap((target) =>
      target.tenant === tenant ? [viewOf(target, this.#seen.get(keyOf(target)))] : [],
    );
  }

  /** Looks now. Throws `not_found` for a tool that is no MCP server. */
  async look(tenant: string, name: string): Promise<{ readonly view: ToolView; readonly seen: Seen }> {
    const target = this.#servers().find((one) => one.tenant === tenant && one.name === name);
    if (target === undefined) throw new Fault('not_found', `there is no tool \`${name}\` with \`protocol: mcp\``);
    const seen = await this.#looked(target);
    return { view: viewOf(target, seen), seen };
  }

  #servers(): readonly TargetEntry[] {
    return (this.#parts.snapshot()?.targets ?? []).filter(
      ({ kind, speech }) => kind === 'tool' && speech?.protocol === 'mcp',
    );
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#isOver) this.#timer = this.#parts.world.clock.after(delayMs, () => void this.#round());
  }

  /** One after the other: nobody waits for it, and servers have other things to do. */
  async #round(): Promise<void> {
    if (this.#isLooking) return this.#arm(SOON_MS);
    this.#isLooking = true;
    const servers = this.#servers();
    const known = new Set(servers.map(keyOf));
    for (const key of this.#seen.keys()) if (!known.has(key)) this.#seen.delete(key);
    for (const target of servers) {
      if (this.#isOver) return;
      await this.#looked(target);
    }
    this.#isLooking = false;
    this.#arm(EVERY_MS);
  }

  async #looked(target: TargetEntry): Promise<Seen> {
    const { clock } = this.#parts.world;
    const before = viewOf(target, this.#seen.get(keyOf(target)));
    let seen: Seen;
    try {
      seen = { atMs: clock.wallMs(), problem: '', tools: await this.#tools(target) };
    } catch (thrown) {
      seen = { atMs: clock.wallMs(), problem: Fault.from(thrown).message, tools: new Map() };
    }
    this.#seen.set(keyOf(target), seen);
    this.#tell(before, viewOf(target, seen));
    return seen;
  }

  /** Names only: what a server says of its tools is not for a log. */
  #tell(before: ToolView, now: ToolView): void {
    if (now.problem !== '' && now.problem !== before.problem)
      this.#parts.log('info', 'an MCP server could not be looked at', { tool: now.name, reason: now.problem });
    for (const { name, state } of now.operations) {
      const was = before.operations.find((one) => one.name === name)?.state;
      if (STOPPED.has(state) && state !== was)
        this.#parts.log('warn', 'a tool is not what was accepted, and is not called', {
          tool: now.name,
          operation: name,
          state,
        });
    }
  }

  async #tools(target: TargetEntry): Promise<ReadonlyMap<string, readonly Definition[]>> {
    const tools = new Map<string, Definition[]>();
    let cursor = '';
    let count = 0;
    for (let page = 0; page < MOST_PAGES; page++) {
      const found = toolsIn(await this.#page(target, cursor));
      count += found?.tools.length ?? 0;
      if (found === undefined || count > MOST_TOOLS) throw new Fault('upstream_invalid', 'its list of tools is none');
      for (const tool of found.tools) {
        const name = String(tool['name']);
        tools.set(name, [...(tools.get(name) ?? []), tool]);
      }
      if (found.nextCursor === '') return tools;
      cursor = found.nextCursor;
    }
    throw new Fault('upstream_invalid', 'its list of tools has no end');
  }

  async #page({ tenant, name }: TargetEntry, cursor: string): Promise<string> {
    const { world, handler } = this.#parts;
    const { ids } = world;
    const id = ids.callId();
    const params = cursor === '' ? '{}' : JSON.stringify({ cursor });
    const call: Call = {
      id,
      credential: { kind: 'known', principal: { kind: 'node', tenant, id: FACT_READER, roles: [] } },
      principal: null,
      target: { kind: 'tool', name, operation: `${MCP_PREFIX}list` },
      contentType: documentIn('mcp'),
      accept: documentIn('mcp'),
      body: { kind: 'bytes', bytes: Buffer.from(textOf({ method: 'tools/list', params })) },
      headers: [],
      timeoutMs: LOOK_MS,
      trace: { trace: ids.traceId(), sampled: true },
      lineage: { root: id, depth: 0 },
      priority: 3,
      stream: false,
      via: [],
      retriedElsewhere: false,
    };
    return resultIn(await handler(call, rootScope(world, silentSpan(ids.spanId())).scope));
  }
}

const resultIn = async ({ outcome, status, body }: Reply): Promise<string> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.kind === 'bytes' ? [body.bytes] : body.chunks) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Fault('upstream_invalid', 'its list of tools is too long');
    parts.push(chunk);
  }
  if (outcome !== 'ok') throw new Fault('upstream_invalid', `it was answered with status ${status}`);
  return Buffer.concat(parts).toString();
};

/** Looks after every change of the configuration, too. */
export const definitionsOf = (
  live: Pick<LivePipeline, 'handler' | 'snapshot' | 'onAdopt'>,
  world: World,
  logger: { log(level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void },
): Definitions => {
  const definitions = new Definitions({
    world,
    handler: (call, scope) => live.handler(call, scope),
    snapshot: () => live.snapshot,
    log: (...said) => logger.log(...said),
  });
  live.onAdopt(() => definitions.changed());
  definitions.start();
  return definitions;
};

const keyOf = ({ tenant, kind, name }: TargetEntry): string => targetKey(tenant, kind, name);

const STOPPED: ReadonlySet<ToolOperationView['state']> = new Set(['changed', 'gone', 'twice']);

const viewOf = ({ name, domain, operations }: TargetEntry, seen: Seen | undefined): ToolView => {
  const isKnown = seen !== undefined && seen.problem === '';
  const configured = operations.filter((one) => !one.name.startsWith(MCP_PREFIX));
  const names = new Set(configured.map((one) => String(one.definition?.['name'] ?? one.name)));
  const accepted = configured.map(({ name: operation, definition }): ToolOperationView => {
    const now = seen?.tools.get(String(definition?.['name'] ?? operation)) ?? [];
    const state =
      definition === undefined ? 'unpinned' : isKnown ? standingOf(definition, now.map(fingerprint)) : 'unseen';
    return { name: operation, state, accepted: definition ?? null, now, digest: digestOf(now) };
  });
  const others = isKnown ? [...seen.tools].filter(([tool]) => !names.has(tool)) : [];
  return {
    name,
    domain,
    seenAtMs: seen?.atMs ?? null,
    problem: seen?.problem ?? '',
    operations: [
      ...accepted,
      ...others.map(([tool, now]) => ({
        name: tool,
        state: 'new' as const,
        accepted: null,
        now,
        digest: digestOf(now),
      })),
    ],
  };
};

/** Of what a person looked at: an acceptance is about exactly that. */
export const digestOf = (now: readonly Definition[]): string =>
  createHash('sha256').update(canonical(now)).digest('hex').slice(0, 32);

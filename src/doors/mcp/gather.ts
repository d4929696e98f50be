/** Lists of all servers as one: each is asked by a call of its own, some at a time, and who does not answer is named and left out. */
import { Fault, type TargetEntry } from '../../contract/index.ts';
import { CODES } from '../../dialects/mcp/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { type Asked, invoke } from './asked.ts';
import { GET_PROMPT, LIST, READ_RESOURCE, serversFor } from './federated.ts';
import { LIST_TTL_MS } from './list.ts';
import { isJson, type Json, Refusal } from './message.ts';
import { prefixOf, uriAt } from './names.ts';
import { heardIn } from './reply.ts';
import { ownerOf } from './seal.ts';
import type { Messages } from './sent.ts';

/** Key in `_meta` of a list: servers whose entries are not in it, and why. */
export const MISSING_META = 'dev.airspace/missing';

interface List {
  readonly member: string;
  readonly needs: string;
  /** The member of an entry that must be nobody else's, and what becomes of it. */
  readonly id: string;
  readonly ours: (server: TargetEntry, id: string) => string;
}

const uri = ({ name }: TargetEntry, own: string): string => uriAt(name, own);

const LISTS: ReadonlyMap<string, List> = new Map<string, List>([
  [
    'prompts/list',
    { member: 'prompts', needs: GET_PROMPT, id: 'name', ours: (server, name) => prefixOf(server) + name },
  ],
  ['resources/list', { member: 'resources', needs: READ_RESOURCE, id: 'uri', ours: uri }],
  ['resources/templates/list', { member: 'resourceTemplates', needs: READ_RESOURCE, id: 'uriTemplate', ours: uri }],
]);

export const isGathered = (method: string): boolean => LISTS.has(method);

/** Servers that are asked at the same time. */
const AT_ONCE = 8;
/** With so many entries a page is full: clients that never ask for a second one see most lists whole. */
const PAGE = 200;
const MOST_ROUNDS = 8;
/** After that a page is given out as it is. */
const PAGE_MS = 10_000;
const SERVER_MS = 5_000;
const MOST_BYTES = 1024 * 1024;
const MOST_ENTRIES = 1_000;
const MOST_PAGES = 100;
const LONGEST_CURSOR = 4_096;
const LONGEST_WHY = 300;

/** A server whose list goes on, where, and how many pages of it there have been. */
type Open = readonly [server: string, cursor: string, pages: number];

/** How far the servers have been asked: some not to their end, and nobody whose name comes after. */
interface Progress {
  readonly open: readonly Open[];
  readonly after: string;
}

interface Missing {
  readonly target: string;
  readonly code: string;
  readonly message: string;
}

interface Page {
  readonly entries: readonly Json[];
  readonly next?: Open;
  readonly missing?: Missing;
}

/** Throws Refusal for a cursor that is none, or somebody else's. */
export async function* gathered(asked: Asked): Messages {
  const list = LISTS.get(asked.method)!;
  const { clock } = asked.parts.world;
  const servers = await serversFor(asked.parts.directory, asked.principal, [LIST, list.needs]);
  const entries: Json[] = [];
  const missing: Missing[] = [];
  let progress = progressIn(asked);
  const untilMs = clock.nowMs() + PAGE_MS;
  for (let round = 0; round < MOST_ROUNDS && entries.length < PAGE && clock.nowMs() < untilMs; round++) {
    const turns = turnsOf(servers, progress);
    if (turns.length === 0) break;
    const pages = await Promise.all(turns.map((turn) => pageOf(asked, list, turn)));
    entries.push(...pages.flatMap((page) => page.entries));
    missing.push(...pages.flatMap((page) => page.missing ?? []));
    progress = {
      open: pages.flatMap(({ next }) => (next === undefined ? [] : [next])),
      after: [progress.after, ...turns.map(({ server }) => server.name)].sort().at(-1)!,
    };
  }
  const isOver = turnsOf(servers, progress).length === 0;
  return {
    kind: 'result',
    result: {
      [list.member]: entries,
      ...(isOver ? {} : { nextCursor: asked.parts.sealer.seal(progress, aboutOf(asked)) }),
      ...{ ttlMs: LIST_TTL_MS, cacheScope: 'private' },
      ...(missing.length === 0 ? {} : { _meta: { [MISSING_META]: missing } }),
    },
  };
}

const aboutOf = ({ principal, method }: Asked): string => `${method} ${ownerOf(principal)}`;

const progressIn = (asked: Asked): Progress => {
  const { cursor } = asked.params;
  if (cursor === undefined) return { open: [], after: '' };
  const opened = typeof cursor === 'string' ? asked.parts.sealer.open(cursor, aboutOf(asked)) : undefined;
  if (!isJson(opened)) throw new Refusal(200, { code: CODES.invalidParams, message: '`cursor` is none of ours' });
  return opened as unknown as Progress;
};

interface Turn {
  readonly server: TargetEntry;
  readonly cursor: string;
  readonly pages: number;
}

/** Those that go on, then those that come after. A server that the caller may not see any more has no turn. */
const turnsOf = (servers: readonly TargetEntry[], { open, after }: Progress): readonly Turn[] => {
  const goingOn = open.flatMap(([name, cursor, pages]): readonly Turn[] => {
    const server = servers.find((one) => one.name === name);
    return server === undefined ? [] : [{ server, cursor, pages }];
  });
  const coming = servers.filter(({ name }) => name > after).map((server) => ({ server, cursor: '', pages: 0 }));
  return [...goingOn, ...coming].slice(0, AT_ONCE);
};

/** Throws only when nobody waits for the list any more. */
const pageOf = async (asked: Asked, list: List, turn: Turn): Promise<Page> => {
  const canceller = Canceller.childOf(asked.canceller);
  const timer = asked.parts.world.clock.after(SERVER_MS, () =>
    canceller.cancel(new Fault('timeout', `the server did not list anything within ${SERVER_MS / 1_000} s`)),
  );
  try {
    return await askedFor({ ...asked, canceller, occurrence: {} }, list, turn);
  } catch (thrown) {
    if (asked.canceller.reason !== undefined) throw asked.canceller.reason;
    const { code, message } = Fault.from(thrown);
    return lacking(turn, code, message);
  } finally {
    timer.cancel();
    canceller.release();
  }
};

const lacking = ({ server }: Turn, code: string, message: string): Page => ({
  entries: [],
  missing: { target: server.name, code, message: message.slice(0, LONGEST_WHY) },
});

const askedFor = async (asked: Asked, list: List, turn: Turn): Promise<Page> => {
  const { server, cursor } = turn;
  // A key for one request is none for many.
  const { idempotencyKey: _, ...inbound } = asked.inbound;
  const reply = await invoke(
    { ...asked, inbound },
    {
      target: { kind: 'tool', name: server.name, operation: LIST },
      form: 'mcp',
      body: { method: asked.method, params: cursor === '' ? {} : { cursor } },
      stream: false,
    },
  );
  if (reply.body.kind === 'bytes' && reply.body.bytes.byteLength > MOST_BYTES)
    throw invalid(`a page of more than ${MOST_BYTES} bytes`);
  for await (const end of heardIn(reply, LIST)) {
    if (end.kind === 'result') return read(list, turn, end.result);
    if (end.kind !== 'error') continue;
    // Who does not know the method has nothing of the kind.
    if (end.error.code === CODES.methodNotFound) return { entries: [] };
    return lacking(turn, 'upstream_invalid', end.error.message);
  }
  return { entries: [] };
};

const invalid = (what: string): Fault => new Fault('upstream_invalid', `the server answered ${what}`);

/** All of a page, or nothing of it. */
const read = ({ member, id, ours }: List, { server, cursor, pages }: Turn, result: Json): Page => {
  const { [member]: said, nextCursor } = result;
  if (!Array.isArray(said) || said.length > MOST_ENTRIES)
    throw invalid(`no \`${member}\`, or more than ${MOST_ENTRIES} at once`);
  const entries = said.map((entry: unknown) => {
    if (!isJson(entry) || typeof entry[id] !== 'string') throw invalid(`an entry without \`${id}\``);
    return { ...entry, [id]: ours(server, entry[id]) };
  });
  if (nextCursor === undefined || nextCursor === '') return { entries };
  if (typeof nextCursor !== 'string' || JSON.stringify(nextCursor).length > LONGEST_CURSOR || nextCursor === cursor)
    throw invalid('a `nextCursor` that is too long, or the same again');
  const missing: Missing = {
    ...{ target: server.name, code: 'upstream_invalid' },
    message: `its list has more than ${MOST_PAGES} pages; the rest is left out`,
  };
  return pages + 1 < MOST_PAGES ? { entries, next: [server.name, nextCursor, pages + 1] } : { entries, missing };
};

/** Holds what was played against what is promised, from the agent's own ledger, from what callers were told, and from what the hub has. */
import { ChainVerifier } from '../../src/audit/index.ts';
import type { AuditRecord, CallEvent } from '../../src/contract/index.ts';
import type { Down, Plan, Played } from './play.ts';
import {
  type BoundsMs,
  CALLERS,
  type Caller,
  CLASSES,
  MOST_BOUGHT,
  OPERATIONS,
  type Operation,
  type Ran,
  type Scene,
  type Told,
} from './scene.ts';
import { chainAt, eventsAt, headsAt } from './stores.ts';

export interface Judged {
  readonly rows: readonly (readonly string[])[];
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

const BEAT_MS = 2_000;
/** What a process had in memory when it was killed: events, and records of reads, which wait for no disk. */
const UNWRITTEN_MS = 2_000;

interface Case {
  readonly scene: Scene;
  readonly plan: Plan;
  readonly bounds: BoundsMs;
  readonly played: Played;
  readonly ran: readonly Ran[];
  readonly told: readonly Told[];
  readonly chains: ReadonlyMap<string, readonly AuditRecord[]>;
  readonly events: readonly CallEvent[];
}

export const judge = async (scene: Scene, plan: Plan, bounds: BoundsMs, played: Played): Promise<Judged> => {
  const findings: string[] = [];
  const notes: string[] = [];
  const chains = await chainsOf(scene, findings);
  for (const sidecar of scene.sidecars.values()) await sidecar.end('SIGTERM');
  const events = uniqueEvents(scene, findings);
  const all: Case = { scene, plan, bounds, played, ran: scene.ran(), told: scene.told(), chains, events };
  const rows = stops(all, findings);
  overspend(all, findings, notes);
  orderHolds(all, findings, notes);
  truthful(all, findings);
  allowed(all, findings, notes);
  neverBack(all, findings);
  converged(all, findings);
  return { rows, findings: findings.slice(0, 40), notes };
};

const callerOf = (id: string): Caller =>
  id.split('-').find((word): word is Caller => CALLERS.includes(word as Caller))!;

const boundOf = ({ bounds }: Case, caller: Caller, operation: Operation): number => {
  const { readMs, sensitiveReadMs, writeMs, killsMs, missedBeats, annexSensitiveMs } = bounds;
  const beatsMs = missedBeats * BEAT_MS;
  if (operation === 'look') return readMs;
  if (operation === 'record') return caller === 'cid' ? Math.min(annexSensitiveMs, sensitiveReadMs) : sensitiveReadMs;
  if (operation === 'note') return Math.min(writeMs, killsMs);
  if (operation === 'buy') return killsMs;
  return Math.min(beatsMs, killsMs);
};

/** Each class goes on until its bound and stops there, within one heartbeat. */
const stops = (all: Case, findings: string[]): readonly (readonly string[])[] => {
  const { played, ran, told, plan } = all;
  const rows: string[][] = [];
  for (const caller of CALLERS)
    for (const operation of OPERATIONS) {
      const boundMs = boundOf(all, caller, operation);
      const during = ran.filter(
        (one) =>
          one.operation === operation &&
          callerOf(one.id) === caller &&
          one.atMs > played.cutAtMs &&
          one.atMs < played.mendAtMs,
      );
      const last = Math.max(0, ...during.map(({ atMs }) => atMs - played.cutAtMs));
      const isBound = boundMs < plan.cutMs;
      const name = `${caller} ${operation}`;
      const problems: string[] = [];
      if (isBound && last > boundMs + plan.slackMs) problems.push(`ran ${last - boundMs} ms after its bound`);
      const isStopped = caller === 'dan' || operation === 'gift' || operation === 'buy';
      const leastMs = boundMs - BEAT_MS - plan.periodMs - plan.slackMs;
      if (!isStopped && leastMs > 0 && last < leastMs && !isDown(played.down, caller, played.cutAtMs + boundMs))
        problems.push(`stopped ${boundMs - last} ms before its bound`);
      const refused = told.filter(
        ({ id, atMs, problem }) =>
          id.startsWith(`${caller}-${operation}-`) &&
          atMs > played.cutAtMs + boundMs + plan.slackMs &&
          atMs < played.mendAtMs &&
          problem !== null,
      );
      const wrong = refused.find(({ problem }) => problem?.code !== 'stale' && !isOther(caller, operation, problem));
      if (wrong !== undefined) problems.push(`was refused with \`${wrong.problem?.code}\`: ${wrong.problem?.detail}`);
      findings.push(...problems.map((problem) => `${name}: ${problem}`));
      rows.push([
        caller,
        operation,
        CLASSES[operation],
        seconds(boundMs),
        String(during.length),
        seconds(last),
        String(refused.length),
        problems.length === 0 ? 'ok' : 'BROKEN',
      ]);
    }
  return rows;
};

/** What may also be said of calls that are over their bound: the order to stop, and the lease that is over. */
const isOther = (caller: Caller, operation: Operation, problem: Told['problem']): boolean =>
  (caller === 'dan' && problem?.code === 'denied') ||
  (operation === 'buy' && problem?.code === 'budget_exhausted') ||
  problem?.code === 'unavailable' ||
  problem?.code === 'unreachable' ||
  problem?.code === 'timeout';

/** Was the way of these calls down around this time? Then nothing can be said about their last one. */
const isDown = (down: readonly Down[], caller: Caller, atMs: number): boolean =>
  down.some(
    ({ place, fromMs, toMs }) => (place === caller || place === 'led') && fromMs < atMs && toMs + 10_000 > atMs,
  );

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const overspend = ({ ran, played, plan }: Case, findings: string[], notes: string[]): void => {
  const bought = ran.filter(({ operation }) => operation === 'buy');
  const away = bought.filter(({ atMs }) => atMs > played.cutAtMs + plan.slackMs && atMs < played.mendAtMs).length;
  // Leases may have been renewed between the look and the cut: each of three nodes has at most two slices of 20.
  const most = Math.max(played.leased, 3 * 2 * 20);
  if (bought.length > MOST_BOUGHT) findings.push(`spent ${bought.length} of ${MOST_BOUGHT}`);
  if (away > most) findings.push(`spent ${away} without the hub, and ${most} were leased`);
  notes.push(
    `${bought.length} of ${MOST_BOUGHT} were bought, ${away} of them during the ${seconds(plan.cutMs)} without the hub; ${played.leased} were leased at the cut`,
  );
};

/** Once somebody has heard the order, nothing of \`dan\` runs, over any restart; and nothing that is no read in any case. */
const orderHolds = ({ told, ran, played, bounds, plan }: Case, findings: string[], notes: string[]): void => {
  const heard = told
    .filter(({ id, problem }) => id.startsWith('dan-') && problem?.facts?.['code'] === 'KILLED')
    .map(({ endMs }) => endMs);
  const firstMs = Math.min(...heard, ...(played.isOrderHeard ? [played.cutAtMs] : []));
  const after = ran.filter(({ id, atMs }) => callerOf(id) === 'dan' && atMs > firstMs + plan.slackMs);
  if (after.length > 0)
    findings.push(
      `the order to stop was heard, and ${after.length} calls of \`dan\` ran after it, such as ${after[0]!.id}`,
    );
  const latest = played.cutAtMs + bounds.killsMs + BEAT_MS;
  const writes = ran.filter(
    ({ id, atMs, operation }) =>
      callerOf(id) === 'dan' && atMs > latest && operation !== 'look' && operation !== 'record',
  );
  if (writes.length > 0)
    findings.push(`${writes.length} calls of \`dan\` that are no reads ran after the bound of orders to stop`);
  notes.push(
    heard.length === 0
      ? 'the order to stop did not come through before the cut'
      : `the order to stop was in force ${firstMs - played.orderedAtMs} ms after it was given`,
  );
};

/** I2, I12: who was told yes finds it in the ledger once, who was told that nothing ran does not find it. */
const truthful = ({ told, ran }: Case, findings: string[]): void => {
  const runs = Map.groupBy(ran, ({ id }) => id);
  for (const { id, status, problem } of told) {
    const count = runs.get(id)?.length ?? 0;
    if (status === 200 && count !== 1) findings.push(`${id} was answered, and ran ${count} times`);
    if (problem?.executed === 'no' && count > 0) findings.push(`${id} was told that it did not run, and it did`);
    if (count > 1 && !id.includes('look') && !id.includes('record')) findings.push(`${id} ran ${count} times`);
  }
};

/** I3: every call that ran has exactly one line that allows it at each node that it passed, within the bound that held then. */
const allowed = ({ chains, ran, scene, played }: Case, findings: string[], notes: string[]): void => {
  let excused = 0;
  const places = [...scene.sidecars.keys()];
  const linesOf = new Map(
    places.map(
      (place) =>
        [
          place,
          Map.groupBy(
            (chains.get(place) ?? []).filter(({ kind }) => kind === 'call.sent' || kind === 'call.read'),
            ({ callId }) => callId,
          ),
        ] as const,
    ),
  );
  for (const { id, callId, operation, atMs } of ran) {
    if (id.startsWith('hub-')) continue;
    for (const place of [callerOf(id) ?? 'ann', 'led']) {
      const lines = linesOf.get(place)?.get(callId) ?? [];
      const isRead = operation === 'look' || operation === 'record';
      const wasKilled = played.down.some(
        (down) => down.place === place && down.fromMs + 500 > atMs && down.fromMs - atMs < UNWRITTEN_MS,
      );
      if (lines.length === 0 && isRead && wasKilled) excused += 1;
      else if (lines.length !== 1) findings.push(`${id} ran, and \`${place}\` has ${lines.length} lines that allow it`);
    }
  }
  for (const [place, records] of chains)
    for (const { kind, details, seq } of records) {
      if (kind !== 'call.sent' && kind !== 'call.read') continue;
      const { snapshotAgeMs, killsAgeMs, boundMs, boundOf: of } = details as Record<string, number | string>;
      const ageMs = Number(of === 'kills' ? killsAgeMs : snapshotAgeMs);
      if (snapshotAgeMs === undefined || ageMs < 0 || ageMs > Number(boundMs))
        findings.push(
          `record ${seq} of \`${place}\` allows a call at an age of ${ageMs} ms, and the bound is ${boundMs} ms`,
        );
    }
  if (excused > 0)
    notes.push(
      `${excused} reads that ran within ${UNWRITTEN_MS} ms before a kill -9 have no record: reads do not wait for the disk`,
    );
};

/** I14: no node ever ran an older snapshot than before. */
const neverBack = ({ events }: Case, findings: string[]): void => {
  const highest = new Map<string, number>();
  for (const { node, snapshotSeq, role } of events) {
    if (!role.startsWith('sidecar')) continue;
    const before = highest.get(node) ?? 0;
    if (snapshotSeq < before) findings.push(`\`${node}\` ran snapshot ${snapshotSeq} after ${before}`);
    highest.set(node, Math.max(before, snapshotSeq));
  }
};

const converged = ({ played, events, ran, plan }: Case, findings: string[]): void => {
  const { settledMs, servingMs } = played;
  if (settledMs === null || settledMs > plan.convergedMs)
    findings.push(`configuration, orders, events and audit were where they belong after ${settledMs ?? 'too many'} ms`);
  if (servingMs === null || servingMs > plan.convergedMs)
    findings.push(`every class was served again after ${servingMs ?? 'too many'} ms`);
  const roles = new Set(events.filter(({ trace }) => trace === played.trace).map(({ role }) => role));
  if (!roles.has('hub') || !roles.has('sidecar-out'))
    findings.push(`calls through the hub and between sidecars are not in one trace: ${[...roles].join(', ')}`);
  const seen = new Set(events.map(({ callId, role }) => `${callId} ${role}`));
  const missing = ran.filter(({ callId, atMs, id }) => {
    const isUnwritten = played.down.some(({ fromMs }) => Math.abs(fromMs - atMs) < UNWRITTEN_MS);
    return (
      !id.startsWith('hub-') && !isUnwritten && !(seen.has(`${callId} sidecar-out`) && seen.has(`${callId} sidecar-in`))
    );
  });
  if (missing.length > 0)
    findings.push(
      `${missing.length} calls that ran have no event at the hub of one of their sidecars, such as ${missing[0]!.id}`,
    );
};

/** Every chain as the hub has it: whole, verified, and the same as on the node. */
const chainsOf = async (scene: Scene, findings: string[]): Promise<ReadonlyMap<string, readonly AuditRecord[]>> => {
  const { items } = await scene
    .admin()
    .get<{ items: readonly { node: string; tenant: string; seq: number }[] }>('/v1/audit/nodes');
  const chains = new Map<string, readonly AuditRecord[]>();
  for (const [place, { dir }] of scene.sidecars)
    for (const local of headsAt(dir)) {
      const head = items.find(
        (one) => one.tenant === local.tenant && one.node.startsWith(`sidecar-${place === 'led' ? 'ledger' : place}-`),
      );
      const records = head === undefined ? [] : await recordsOf(scene, head.node, local.tenant);
      const verifier = new ChainVerifier(local.tenant);
      const bad = records.map((record) => verifier.take(record)).find((finding) => finding !== undefined);
      if (bad !== undefined) findings.push(`the chain of \`${place}\` at the hub: ${bad.text}`);
      const here = chainAt(dir, local.tenant).map(({ seq, hash }) => `${seq} ${hash}`);
      const there = new Set(records.map(({ seq, hash }) => `${seq} ${hash}`));
      const lost = here.filter((one) => !there.has(one)).length;
      if (lost > 0 || there.size !== records.length)
        findings.push(
          `of ${here.length} records of \`${place}\` the hub lacks ${lost} and has ${records.length - there.size} twice`,
        );
      chains.set(place, [...(chains.get(place) ?? []), ...records]);
    }
  return chains;
};

const PAGE = 5_000;

const recordsOf = async ({ admin }: Scene, node: string, chain: string): Promise<readonly AuditRecord[]> => {
  const all: AuditRecord[] = [];
  for (;;) {
    const from = all.length + 1;
    const { items } = await admin().get<{ items: readonly AuditRecord[] }>('/v1/audit/records', {
      node,
      chain,
      from,
      limit: PAGE,
    });
    all.push(...items);
    if (items.length < PAGE) return all;
  }
};

const uniqueEvents = ({ hubDir }: Scene, findings: string[]): readonly CallEvent[] => {
  const rows = eventsAt(hubDir);
  const once = new Map(rows.map((row) => [`${row.call_id} ${row.span} ${row.node}`, row]));
  if (once.size !== rows.length) findings.push(`${rows.length - once.size} events are at the hub more than once`);
  return [...once.values()].map(({ body }) => JSON.parse(body) as CallEvent);
};

/**
 * Makes recorded requests again. Their agent is really asked, at one endpoint; what it calls comes back through this node, is decided
 * like any other call, and is answered here.
 *
 * INVARIANT: of a tree that is a replay only its first call is sent, and only by `run`. What comes when the replay is over, or at another
 * node, is refused: the mark is in the tree itself.
 */
import {
  type Call,
  type CallEvent,
  type CallRecord,
  type EventSink,
  Fault,
  type LogRecord,
  type ReplayCheck,
  type ReplayPort,
  type ReplayWish,
  type Reply,
  type RequestReplay,
} from '../contract/index.ts';
import {
  type Handler,
  invoke,
  type Layer,
  Permit,
  Recent,
  rootScope,
  silentSpan,
  type World,
} from '../kernel/index.ts';
import type { IsOfRecord } from './alike.ts';
import { Answers } from './answers.ts';
import { firstCall } from './first-call.ts';
import { callerOf, type Recording, recordingOf, rootIn, targetOf } from './recording.ts';
import { type Answered, type End, missingIn, reportOf } from './report.ts';
import { type Prepared, Running } from './running.ts';
import { endpointFor, type Standing } from './standing.ts';

export interface ReplayParts {
  readonly world: World;
  /** The whole pipeline of this node. */
  readonly handler: Handler;
  readonly events: (tenant: string, id: string) => Promise<readonly CallEvent[]>;
  /** What this node itself wrote down about a trace. */
  readonly logs: (tenant: string, trace: string) => Promise<readonly LogRecord[]>;
  readonly record: (tenant: string, call: string) => Promise<CallRecord | undefined>;
  readonly isOfRecord: IsOfRecord;
  /** How this node and the agent of the request stand now. */
  readonly standing: (root: CallEvent) => Promise<Standing>;
  /** Durable before anything is sent. */
  readonly note: (by: ReplayWish['by'], prepared: Prepared, wish: ReplayWish) => Promise<void>;
}

/** At once, on one node. */
const MOST_RUNNING = 4;
/** Replays that can still be looked at. */
const MOST_KEPT = 20;
const MOST_KNOWN = 10_000;
const MOST_ANSWERED_BYTES = 8 * 1024 * 1024;

export class Replays implements ReplayPort {
  readonly #parts: ReplayParts;
  /** By first call, oldest first: those under way and the last that are over. */
  readonly #running = new Map<string, Running>();
  readonly #over = new Map<string, Running>();
  /** Traces and sessions of replays, for whoever says something of them later. */
  readonly #known = new Recent<true>(MOST_KNOWN);

  constructor(parts: ReplayParts) {
    this.#parts = parts;
  }

  /** Stands where others choose an endpoint, in the list of layers that only replays pass. */
  readonly layer: Layer = (next) => async (call, scope) => {
    const running = this.#running.get(call.lineage.root);
    if (running === undefined) throw over(call);
    if (running.sends(call)) {
      running.mayShow = Permit.check(call).constraints.logPayload === 'full';
      return next({ ...call, pin: running.endpoint.id }, scope);
    }
    const startMs = scope.clock.nowMs();
    try {
      return running.answers.to(call);
    } finally {
      const { by = 'nothing', note = '' } = running.answers.played.findLast(({ callId }) => callId === call.id) ?? {};
      scope.span.step('replay', startMs, { by, ...(note === '' ? {} : { note }) });
    }
  };

  /** Keeps events of replays from everybody who counts, stores or exports, and gives them the rest. */
  sink(others: EventSink): EventSink {
    return {
      emit: (event) => {
        const { replay, 'replay.unplaced': unplaced } = event.attributes;
        if (typeof unplaced === 'string') this.#running.get(unplaced)?.unplaced.push(targetOf(event));
        if (typeof replay !== 'string') others.emit(event);
        else (this.#running.get(replay) ?? this.#over.get(replay))?.add(event);
      },
    };
  }

  /** Is this whole id the trace of a replay, or the session of one? */
  isOf(tenant: string, id: string): boolean {
    return this.#known.get(`${tenant}/${id}`) === true;
  }

  trace(tenant: string, id: string): readonly CallEvent[] {
    const all = [...this.#running.values(), ...this.#over.values()].filter((one) => one.tenant === tenant);
    const found = all.find(
      ({ first, events }) => first.trace.trace.startsWith(id) || events.some(({ callId }) => callId.startsWith(id)),
    );
    return found?.events.toSorted((a, b) => a.startedAtMs - b.startedAtMs) ?? [];
  }

  async check(wish: ReplayWish): Promise<ReplayCheck> {
    const recording = await this.#recording(wish);
    const { root, asked } = recording;
    const told = { request: root.callId, trace: root.trace, agent: root.target.name };
    const missing = [
      ...(wish.data === undefined && 'why' in asked ? [`payload of ${targetOf(root)}: ${asked.why}`] : []),
      ...missingIn(recording),
    ];
    try {
      const { version } = endpointFor(recording, wish, await this.#parts.standing(root));
      return { ...told, version, problem: null, missing };
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code === 'internal') throw thrown;
      return { ...told, version: null, problem: fault.message, missing };
    }
  }

  async run(wish: ReplayWish): Promise<RequestReplay> {
    const prepared = await this.#prepared(wish);
    const running = this.#admitted(prepared, wish);
    const { id } = running.first;
    try {
      await this.#parts.note(wish.by, prepared, wish);
      return reportOf(running, await this.#ended(running), wish);
    } finally {
      this.#running.delete(id);
      this.#over.set(id, running);
      for (const [oldest] of this.#over) if (this.#over.size > MOST_KEPT) this.#over.delete(oldest);
    }
  }

  /** One at a time of each agent: what answers its calls is told apart by what they belong to, and its own state is not. */
  #admitted(prepared: Prepared, { tenant }: ReplayWish): Running {
    const { name } = prepared.first.target;
    const all = [...this.#running.values()];
    if (all.some((one) => one.tenant === tenant && one.first.target.name === name))
      throw new Fault('conflict', `a request of agent \`${name}\` is being replayed; wait until that is over`);
    if (all.length >= MOST_RUNNING)
      throw new Fault('overloaded', `${MOST_RUNNING} replays run at once, and as many do; try again in a moment`);
    const running = new Running(prepared, { tenant });
    const { id, trace, session } = running.first;
    this.#running.set(id, running);
    for (const name of [trace.trace, session ?? id]) this.#known.set(`${tenant}/${name}`, true);
    return running;
  }

  async #prepared(wish: ReplayWish): Promise<Prepared> {
    const { world, standing, isOfRecord } = this.#parts;
    const recording = await this.#recording(wish);
    const endpoint = endpointFor(recording, wish, await standing(recording.root));
    const first = firstCall(recording, wish.data, world);
    return { recording, endpoint, first, answers: new Answers(recording, wish.script ?? {}, isOfRecord) };
  }

  async #recording({ tenant, request }: ReplayWish): Promise<Recording> {
    const { events: eventsOf, logs: logsOf, record } = this.#parts;
    if (this.trace(tenant, request).length > 0)
      throw new Fault('bad_request', `\`${request}\` is a replay itself; replay the request that it is of`);
    const events = await eventsOf(tenant, request);
    const root = rootIn(events, request);
    const logs = await logsOf(tenant, root.trace);
    const calls = events.filter(({ lineage }) => lineage.root === root.callId).map(({ callId }) => callId);
    const records = new Map<string, CallRecord>();
    for (const call of new Set(calls)) {
      const found = await record(tenant, call);
      if (found !== undefined) records.set(call, found);
    }
    return recordingOf(root, { events, logs, records });
  }

  async #ended({ first }: Running): Promise<End> {
    const { world, handler } = this.#parts;
    try {
      const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
      return { reply: await readWhole(await invoke(handler, first, scope)) };
    } catch (thrown) {
      return { fault: Fault.from(thrown) };
    }
  }
}

const over = ({ target: { kind, name } }: Call): Fault =>
  new Fault(
    'conflict',
    `this call of ${kind} \`${name}\` belongs to a replay that is over, or that another node runs`,
    {
      facts: { code: 'REPLAY_OVER' },
    },
  );

const readWhole = async ({ status, contentType: type, body }: Reply): Promise<Answered> => {
  if (body.kind === 'bytes') return { status, type, bytes: body.bytes };
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > MOST_ANSWERED_BYTES)
      throw new Fault(
        'too_large',
        `the agent answers more than ${MOST_ANSWERED_BYTES} bytes, and a replay reads no more`,
      );
    chunks.push(chunk);
  }
  return { status, type, bytes: Buffer.concat(chunks, size) };
};

/** Whom the line of the audit names: who asked for it, and in whose place the agent was asked. */
export const notedOf = ({ recording, first, endpoint }: Prepared, { data, script }: ReplayWish) => ({
  object: `call/${recording.root.callId}`,
  callId: first.id,
  details: {
    ...{ replayed: targetOf(recording.root), endpoint: endpoint.id, version: endpoint.version },
    ...{ caller: callerOf(recording.root), trace: first.trace.trace },
    ...{ data: data !== undefined, script: Object.keys(script ?? {}).length },
  },
});

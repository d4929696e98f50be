/** `airspace trace` and `airspace why`: what happened to one call, as a picture and as reasons. */
import type { AgentSpan, CallEvent, StepEvent, TargetKind } from '../../contract/index.ts';
import type { CallExplanation } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { pageOf } from '../pages.ts';
import { criticalPath, criticalText } from '../render/critical.ts';
import type { Wanted } from '../render/sift.ts';
import { parseDuration } from '../render/time.ts';
import { waterfall } from '../render/waterfall.ts';
import { why as reasons } from '../render/why.ts';

interface Found {
  readonly events: readonly CallEvent[];
  /** Absent on nodes of an earlier version. */
  readonly agentSpans?: readonly AgentSpan[];
}

const foundBy = async (context: Context, word: string): Promise<Found> => {
  const id = idOf(word);
  return (await context.admin()).get<Found>(`/v1/traces/${id}`);
};

const idOf = (word: string): string => {
  const id = word.toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(id))
    throw usage(`\`${word}\` is neither a call nor a trace: 8 to 32 hex digits`, 'airspace get calls');
  return id;
};

export interface TraceOptions {
  readonly criticalPath?: boolean;
  /** A duration. */
  readonly min?: string;
  readonly kind?: TargetKind;
  /** False: waits are drawn as long as they were. */
  readonly fold?: boolean;
}

export const trace = async (context: Context, id: string, options: TraceOptions = {}): Promise<number> => {
  const { out } = context;
  const wanted = wantedIn(options);
  if (out.format === 'otlp') return asOtlp(context, id, options);
  const { events, agentSpans = [] } = await foundBy(context, id);
  const how = { width: out.width, paint: out.paint, wanted, isEven: options.fold === false };
  const path = options.criticalPath === true ? criticalPath(events) : undefined;
  await out.one({ events, agentSpans, ...(path === undefined ? {} : { criticalPath: path }) }, () =>
    path === undefined ? waterfall(events, how, agentSpans) : criticalText(path, how),
  );
  await sayPage(context, id);
  return EXIT.ok;
};

/** For a file that a collector or a viewer of traces takes. */
const asOtlp = async ({ admin, out }: Context, id: string, { criticalPath }: TraceOptions): Promise<number> => {
  if (criticalPath === true) throw usage('a critical path is nothing that OTLP has', 'the same with -o json');
  const path = `/v1/traces/${idOf(id)}/otlp`;
  await out.data(await (await admin()).get<unknown>(path));
  return EXIT.ok;
};

/** They are about the picture: data is always the whole. */
const wantedIn = ({ min, kind }: TraceOptions): Wanted => {
  const minMs = min === undefined ? 0 : parseDuration(min);
  if (minMs === undefined) throw usage(`--min must be such as 50ms or 2s, not \`${min}\``);
  return { minMs, ...(kind === undefined ? {} : { kind }) };
};

/** Not in data, and not in the way of programs. */
const sayPage = async ({ out, admin }: Context, id: string): Promise<void> => {
  if (out.format === 'table' || out.format === 'wide') out.print(`ui ${pageOf((await admin()).url, id.toLowerCase())}`);
};

/** Of a call that was named, only that call, on all its nodes; of a trace, every call. */
export const why = async (context: Context, id: string): Promise<number> => {
  const { events } = await foundBy(context, id);
  const own = events.filter(({ callId }) => callId.startsWith(id.toLowerCase()));
  const shown = own.length === 0 ? events : own;
  const explained = await explanationsOf(context, id, shown);
  await context.out.one(
    { events: shown, ...(explained.size === 0 ? {} : { explanations: [...explained.values()] }) },
    () => reasons(shown, context.out.paint, explained),
  );
  await sayPage(context, id);
  return EXIT.ok;
};

/** By span, of calls that policy stopped. Empty for those who may not see clauses: they read the rest as before. */
const explanationsOf = async (
  context: Context,
  id: string,
  events: readonly CallEvent[],
): Promise<ReadonlyMap<string, CallExplanation>> => {
  const denied = new Set(events.filter(({ steps }) => steps.some(isNo)).map(({ span }) => span));
  if (denied.size === 0) return new Map();
  try {
    const { items } = await (await context.admin()).get<{ items: CallExplanation[] }>(
      `/v1/traces/${id.toLowerCase()}/explain`,
    );
    return new Map(items.filter(({ span }) => denied.has(span)).map((item) => [item.span, item]));
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.exit === EXIT.notPermitted) return new Map();
    throw thrown;
  }
};

const isNo = ({ name, attributes }: StepEvent): boolean => name === 'decide' && attributes['effect'] !== 'allow';

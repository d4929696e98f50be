/** Reads recorded calls page by page and hands them to a replay: as many as were asked for, none twice, and never all at once. */
import type { CallEvent, ReplayedDecision, ReplayReport, TraceStore } from '../../contract/index.ts';

export interface Replayer {
  /** Answers what became of each decision in it. */
  take(event: CallEvent): readonly ReplayedDecision[];
  tally(): Omit<ReplayReport, 'release' | 'base' | 'stale' | 'tookMs' | 'calls'>;
}

export interface Span {
  readonly tenant: string;
  readonly sinceMs: number;
  /** Most decisions. */
  readonly limit: number;
  /** Others are passed over, and count as looked at. Default: none is. */
  readonly about?: (event: CallEvent) => boolean;
}

/** Small enough that calls of a busy hub do not wait long behind one page. */
const PAGE = 250;

export const replayRecorded = async (
  traces: Pick<TraceStore, 'recent'>,
  replay: Replayer,
  { tenant, sinceMs, limit, about = () => true }: Span,
): Promise<ReturnType<Replayer['tally']>> => {
  let untilMs: number | undefined;
  /** Events of the instant at which the last page ended: the next one begins with them. */
  let edge = new Set<string>();
  let taken = 0;
  for (;;) {
    const page = await traces.recent({
      tenant,
      sinceMs,
      limit: PAGE + edge.size,
      ...(untilMs === undefined ? {} : { untilMs }),
    });
    const fresh = page.filter((event) => !edge.has(nameOf(event)));
    for (const event of fresh) {
      if (taken >= limit) return replay.tally();
      taken += event.steps.filter(({ name }) => name === 'decide').length;
      if (about(event)) replay.take(event);
    }
    const last = page.at(-1);
    if (last === undefined || fresh.length === 0) return replay.tally();
    const atEdge = page.filter(({ startedAtMs }) => startedAtMs === last.startedAtMs).map(nameOf);
    edge = new Set(last.startedAtMs === untilMs ? [...edge, ...atEdge] : atEdge);
    untilMs = last.startedAtMs;
  }
};

const nameOf = ({ node, span, callId }: CallEvent): string => `${node} ${callId} ${span}`;

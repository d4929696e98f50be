/** What came of a replay, beside what was recorded. Pure. */
import {
  type CallEvent,
  type CallStatus,
  type ComparedRow,
  compareTrees,
  type Difference,
  type Fault,
  type ReplayWish,
  type RequestReplay,
} from '../contract/index.ts';
import { isJson, payloadDigest } from '../kernel/index.ts';
import { sameText, textOf } from './alike.ts';
import { callerOf, type KeptAnswer, type Recording } from './recording.ts';
import type { Running } from './running.ts';

/** The reply of the agent, read to its end. */
export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
}

export type End = { readonly reply: Answered } | { readonly fault: Fault };

const MOST_SHOWN = 4_096;

export const reportOf = (running: Running, end: End, { data }: Pick<ReplayWish, 'data'>): RequestReplay => {
  const { recording, first, endpoint, answers, events } = running;
  const { root } = recording;
  const rows = rowsOf(recording, first.id, events);
  const answer = answerOf(running, end, events.find(({ callId }) => callId === first.id)?.status);
  const { played } = answers;
  const unmade = rows.flatMap(({ a, b }) => (a !== null && b === null ? [a.target] : []));
  return {
    ...{ request: root.callId, trace: root.trace },
    replay: { call: first.id, trace: first.trace.trace },
    ...{ agent: root.target.name, version: endpoint.version, endpoint: endpoint.id, caller: callerOf(root) },
    ...{ answer, calls: played, unmade, rows },
    notes: notesOf(running, data),
    differs:
      answer.than === 'other' ||
      running.unplaced.length > 0 ||
      played.some(({ by }) => by === 'nothing') ||
      rows.some(({ differs }) => differs.length > 0),
  };
};

/** What a replay can be held to: where something ran, how long it took and what it cost is not made again. */
const HELD: ReadonlySet<Difference> = new Set(['only one', 'target', 'outcome', 'decision']);

/** What is below a recorded answer was not asked again, so it is on neither side. */
const rowsOf = (recording: Recording, root: string, events: readonly CallEvent[]): readonly ComparedRow[] =>
  compareTrees(
    recording.events,
    events.filter(({ callId, lineage }) => callId === root || lineage.parent === root),
  ).rows.map((row) => ({ ...row, differs: row.differs.filter((what) => HELD.has(what)) }));

const answerOf = (
  { recording, mayShow }: Running,
  end: End,
  status: CallStatus = 'failed',
): RequestReplay['answer'] => {
  if ('fault' in end) {
    const { code, message } = end.fault;
    const than = recording.answer.kind === 'fault' && recording.answer.code === code ? 'same' : 'other';
    return { ...{ status, code, httpStatus: 0, bytes: 0, than }, note: message };
  }
  const { reply } = end;
  const text = textOf(reply.bytes);
  return {
    ...{ status, code: '', httpStatus: reply.status, bytes: reply.bytes.byteLength },
    ...besideRecorded(reply, recording.answer),
    ...(mayShow ? { text: text.slice(0, MOST_SHOWN) } : {}),
  };
};

const besideRecorded = (
  { status, type, bytes }: Answered,
  recorded: KeptAnswer,
): Pick<RequestReplay['answer'], 'than' | 'note'> => {
  if (recorded.kind === 'fault') return { than: 'other', note: `it ended with ${recorded.code} then` };
  if (recorded.kind === 'missing')
    return { than: 'unknown', note: `what was answered then cannot be compared: ${recorded.why}` };
  if (status !== recorded.status) return { than: 'other', note: `it was status ${recorded.status} then` };
  return sameText(textOf(recorded.bytes), textOf(bytes), isJson(type))
    ? { than: 'same', note: '' }
    : { than: 'other', note: 'another payload than then' };
};

const notesOf = ({ recording, first, unplaced }: Running, data: ReplayWish['data']): readonly string[] => {
  const digest = recording.root.attributes['payload.sha256'];
  const isOther = first.body.kind === 'bytes' && digest !== undefined && digest !== payloadDigest(first.body);
  return [
    ...(data !== undefined && isOther ? ['what was asked is not byte for byte what was asked then'] : []),
    ...(data !== undefined && digest === undefined ? ['whether the same was asked then is not known'] : []),
    ...unplaced.map(
      (target) => `a call of \`${target}\` did not say whether it belongs to the replay, and was refused`,
    ),
    ...(recording.root.session === undefined ? [] : ['it was made in a session of its own']),
  ];
};

/** Each once, in the order of the recording. */
export const missingIn = ({ calls }: Recording): readonly string[] => [
  ...new Set(
    calls.flatMap(({ target, answer }) => (answer.kind === 'missing' ? [`reply of ${target}: ${answer.why}`] : [])),
  ),
];

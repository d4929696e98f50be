/** Holds what a topology did against the direct calls, the desk's own ledger and the traces. Pure: the truth comes from outside. */
import type { Answer, Exchange } from './exchanges.ts';
import { type LedgerEntry, sha256 } from './ledger.ts';

export interface Evidence {
  /** Call by call the same conversations. */
  readonly through: readonly Exchange[];
  readonly direct: readonly Exchange[];
  /** Of the desk behind the topology, which nobody else called. */
  readonly ledger: readonly LedgerEntry[];
  /** Ids of the calls whose trace is complete at the root. */
  readonly traced: ReadonlySet<string>;
}

export interface Findings {
  readonly calls: number;
  /** Replies with the same status, content type and bytes as the direct call. */
  readonly identical: number;
  /** Calls that the desk never executed, or not with these arguments. */
  readonly lost: number;
  /** Calls that the desk executed more than once. */
  readonly doubled: number;
  /** Executions that belong to no call. */
  readonly stray: number;
  /** Conversations whose calls the desk executed in another order. */
  readonly reordered: number;
  readonly traced: number;
  /** A sentence for each thing that is not as it must be. Empty: everything holds. */
  readonly problems: readonly string[];
}

export const findingsOf = ({ through, direct, ledger, traced }: Evidence): Findings => {
  if (through.length !== direct.length) throw new Error('both sides must have replayed the same conversations');
  const executions = Map.groupBy(ledger, keyOfEntry);
  const timesOf = (exchange: Exchange): number => executions.get(keyOf(exchange))?.length ?? 0;
  const known = new Set(through.map(keyOf));

  const changed = through.filter(({ answer }, at) => !isSame(answer, direct[at]!.answer));
  const lost = through.filter((exchange) => timesOf(exchange) === 0);
  const doubled = through.filter((exchange) => timesOf(exchange) > 1);
  const stray = ledger.filter((entry) => !known.has(keyOfEntry(entry)));
  const reordered = sessionsOutOfOrder(through, ledger);
  const untraced = through.filter(({ answer }) => !traced.has(answer.callId));
  return {
    calls: through.length,
    identical: through.length - changed.length,
    lost: lost.length,
    doubled: doubled.length,
    stray: stray.length,
    reordered: reordered.length,
    traced: through.length - untraced.length,
    problems: [
      ...changed.map((one) => `${nameOf(one)}: another reply than the direct call: ${describe(one.answer)}`),
      ...lost.map((one) => `${nameOf(one)}: never executed with these arguments`),
      ...doubled.map((one) => `${nameOf(one)}: executed ${timesOf(one)} times`),
      ...stray.map(
        ({ seq, session, operation }) => `line ${seq} of the ledger, ${session} ${operation}: nobody's call`,
      ),
      ...reordered.map((session) => `${session}: executed in another order than it was called`),
      ...untraced.map((one) => `${nameOf(one)}: no complete trace`),
    ],
  };
};

const isSame = (one: Answer, other: Answer): boolean =>
  one.status === other.status && one.contentType === other.contentType && one.body.equals(other.body);

/** An execution belongs to a call when all of it agrees: with other arguments it is another one. */
const keyOf = ({ session, call, answer }: Exchange): string =>
  JSON.stringify([answer.callId, session, call.tool, sha256(call.argsText)]);
const keyOfEntry = ({ callId, session, operation, argsSha256 }: LedgerEntry): string =>
  JSON.stringify([callId, session, operation, argsSha256]);

/** Looks at first executions only: what is missing or doubled is counted already. */
const sessionsOutOfOrder = (through: readonly Exchange[], ledger: readonly LedgerEntry[]): readonly string[] => {
  const firstAt = new Map<string, number>();
  for (const entry of ledger) if (!firstAt.has(keyOfEntry(entry))) firstAt.set(keyOfEntry(entry), entry.seq);
  const sessions = Map.groupBy(through, ({ session }) => session);
  return [...sessions].flatMap(([session, exchanges]) => {
    const order = exchanges.flatMap((exchange) => firstAt.get(keyOf(exchange)) ?? []);
    return order.every((seq, at) => at === 0 || order[at - 1]! < seq) ? [] : [session];
  });
};

const nameOf = ({ session, call, answer }: Exchange): string =>
  `${session} ${call.tool} (call ${answer.callId === '' ? 'without id' : answer.callId})`;

const describe = ({ status, body }: Answer): string => `${status} ${JSON.stringify(body.toString().slice(0, 200))}`;

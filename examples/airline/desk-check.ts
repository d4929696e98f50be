/** Replays every recorded call on the desk and compares the replies: `node examples/airline/desk-check.ts --data DIR`. */
import { parseArgs } from 'node:util';
import { type Agreement, compareReplies } from './agreement.ts';
import { type Database, loadDatabase } from './database.ts';
import { openDesk } from './desk.ts';
import { type Conversation, type RecordedCall, readRecordings } from './recordings.ts';

export interface Replayed {
  readonly session: string;
  readonly call: RecordedCall;
  readonly agreement: Agreement;
}

/** Each conversation on its own fresh desk, its calls in order: a later call sees what an earlier one changed. */
export const replay = (database: Database, conversations: readonly Conversation[]): readonly Replayed[] =>
  conversations.flatMap(({ session, calls }) => {
    const desk = openDesk(database);
    return calls.map((call) => ({
      session,
      call,
      agreement: compareReplies(call.reply, desk.call(call.tool, call.args)),
    }));
  });

/** Share of replies that say the same, 0 to 1, with those that only spell a field as the database now does. */
export const agreeing = (replayed: readonly Replayed[]): number =>
  replayed.filter(({ agreement }) => agreement.verdict !== 'different').length / replayed.length;

const report = (replayed: readonly Replayed[]): string => {
  const byTool = Object.entries(Object.groupBy(replayed, ({ call }) => call.tool)).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = [...byTool.map(([tool, some]) => row(tool, some!)), row('total', replayed)];
  const header = `${'tool'.padEnd(32)}${['calls', 'same', 'renamed', 'different'].map((name) => name.padStart(10)).join('')}`;
  return [header, ...rows, ...differences(replayed)].join('\n');
};

const row = (tool: string, replayed: readonly Replayed[]): string => {
  const count = (verdict: Agreement['verdict']): number =>
    replayed.filter(({ agreement }) => agreement.verdict === verdict).length;
  const cells = [replayed.length, count('same'), count('renamed'), count('different')];
  return `${tool.padEnd(32)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
};

const differences = (replayed: readonly Replayed[]): readonly string[] =>
  replayed.flatMap(({ session, call, agreement }) =>
    agreement.verdict === 'different' ? [`${session} ${call.tool} ${call.argsText}\n  ${agreement.difference}`] : [],
  );

const main = (): void => {
  const { data } = parseArgs({ options: { data: { type: 'string' } } }).values;
  if (data === undefined) throw new Error('`--data DIR` must be given: the folder with the airline data');
  const replayed = replay(loadDatabase(data), readRecordings(data));
  console.log(report(replayed));
  console.log('renamed: the recordings say `province` where the database says `state`, with the same value');
  const share = agreeing(replayed);
  console.log(`${(share * 100).toFixed(1)} of 100 replies agree; 99 must`);
  if (!(share >= 0.99)) process.exitCode = 1; // written so that no calls at all (NaN) fail too
};

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

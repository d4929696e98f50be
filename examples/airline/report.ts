/** What the evaluation found, for people and for programs. Pure: one value in, text out. */
import { type Agreement, compareReplies } from './agreement.ts';
import type { Exchange } from './exchanges.ts';
import { isTool, tools } from './tools.ts';
import type { TopologyRun } from './topology-run.ts';

export interface Evaluation {
  readonly conversations: number;
  readonly direct: { readonly exchanges: readonly Exchange[]; readonly seconds: number };
  readonly runs: readonly TopologyRun[];
}

/** One tool: how often it was called, how often each desk executed it, and whether it replied as recorded. */
export interface ToolRow {
  readonly tool: string;
  readonly effect: string;
  readonly calls: number;
  readonly executed: Readonly<Record<string, number>>;
  readonly same: number;
  readonly renamed: number;
  readonly different: number;
}

export interface Report {
  readonly holds: boolean;
  readonly tools: readonly ToolRow[];
  /** Replies of the desk that say something else than the recordings. */
  readonly differences: readonly string[];
}

export const reportOf = ({ direct, runs }: Evaluation): Report => {
  const compared = direct.exchanges.map((exchange) => ({
    ...exchange,
    agreement: compareReplies(exchange.call.reply, exchange.answer.body.toString()),
  }));
  const byTool = Map.groupBy(compared, ({ call }) => call.tool);
  const rows = [...byTool.keys()].sort().map((tool): ToolRow => {
    const some = byTool.get(tool)!;
    const count = (verdict: Agreement['verdict']): number =>
      some.filter(({ agreement }) => agreement.verdict === verdict).length;
    return {
      tool,
      effect: isTool(tool) ? tools[tool].effect : 'unknown',
      calls: some.length,
      executed: Object.fromEntries(
        runs.map(({ topology, ledger }) => [topology, ledger.filter(({ operation }) => operation === tool).length]),
      ),
      same: count('same'),
      renamed: count('renamed'),
      different: count('different'),
    };
  });
  const differences = compared.flatMap(({ session, call, agreement }) =>
    agreement.verdict === 'different' ? [`${session} ${call.tool} ${call.argsText}: ${agreement.difference}`] : [],
  );
  const totals = rows.every(({ calls, executed }) => Object.values(executed).every((times) => times === calls));
  const clean = runs.every(({ findings }) => findings.problems.length === 0);
  // No calls at all prove nothing.
  return { holds: clean && totals && differences.length === 0 && compared.length > 0, tools: rows, differences };
};

export const directLine = ({ direct }: Pick<Evaluation, 'direct'>): string =>
  `${'direct'.padEnd(11)}${direct.exchanges.length} calls without Airspace, to compare with   ${seconds(direct.seconds)}`;

export const topologyLine = ({ topology, findings, seconds: took }: TopologyRun): string => {
  const { calls, identical, lost, doubled, traced } = findings;
  const counts = `${identical} of ${calls} calls identical, ${lost} lost, ${doubled} doubled, ${traced} traced`;
  return `${topology.padEnd(11)}${counts}   ${seconds(took)}`;
};

const seconds = (took: number): string => `${took.toFixed(1)} s`;

const MOST_PROBLEMS = 20;

export const problemLines = ({ findings: { problems } }: TopologyRun): readonly string[] => [
  ...problems.slice(0, MOST_PROBLEMS).map((problem) => `  ${problem}`),
  ...(problems.length > MOST_PROBLEMS ? [`  and ${problems.length - MOST_PROBLEMS} more`] : []),
];

export const toolTable = (rows: readonly ToolRow[], topologies: readonly string[]): readonly string[] => {
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, at) => (at < 2 ? String(cell).padEnd(at === 0 ? 31 : 13) : String(cell).padStart(11))).join('');
  const total = (of: (row: ToolRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  return [
    line(['tool', 'effect', 'calls', ...topologies, 'same', 'renamed', 'different']),
    ...rows.map(({ tool, effect, calls, executed, same, renamed, different }) =>
      line([tool, effect, calls, ...topologies.map((name) => executed[name] ?? 0), same, renamed, different]),
    ),
    line([
      'total',
      '',
      total(({ calls }) => calls),
      ...topologies.map((name) => total(({ executed }) => executed[name] ?? 0)),
      total(({ same }) => same),
      total(({ renamed }) => renamed),
      total(({ different }) => different),
    ]),
  ];
};

/** How the desk itself, without Airspace, agrees with what was recorded. */
export const recordingLines = ({ tools: rows, differences }: Report): readonly string[] => {
  const sum = (of: (row: ToolRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const [same, renamed] = [sum((row) => row.same), sum((row) => row.renamed)];
  return [
    `recordings ${same} replies as recorded, ${renamed} with a renamed field (\`state\` for \`province\`), ${differences.length} different`,
    ...differences.map((difference) => `  ${difference}`),
  ];
};

/** The same for programs. */
export const asJson = ({ conversations, direct, runs }: Evaluation, { holds, tools: rows, differences }: Report) => ({
  holds,
  conversations,
  calls: direct.exchanges.length,
  direct: { seconds: direct.seconds },
  topologies: runs.map(({ topology, findings, seconds: took }) => ({ topology, ...findings, seconds: took })),
  tools: rows,
  differences,
});

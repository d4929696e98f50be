/** Step 3: what it would have done to the calls of yesterday. What is allowed that was not comes first, and every example opens. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { JSX } from 'react';
import type { PolicyOverview, ReplayReport } from '../../../src/contract/index.ts';
import { useAccount } from '../frame/account.ts';
import { useParam } from '../frame/params.ts';
import { duration } from '../model/format.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { fingerprintOf } from './checked.ts';
import { digits, draftCommand, policyCommand, shortId } from './commands.ts';
import { Flips } from './flips.tsx';
import { whyNot } from './may.ts';
import { proposalOf } from './proposal.ts';
import { type Candidate, useReplay } from './queries.ts';
import { StepBox } from './step.tsx';
import { Wrong } from './wrong.tsx';

const SPANS = [
  { id: '15m', ms: 900_000 },
  { id: '1h', ms: 3_600_000 },
  { id: '24h', ms: 86_400_000 },
  { id: '7d', ms: 604_800_000 },
] as const;
const USUAL = '24h';

interface Kept {
  readonly of: string;
  readonly over: string;
  readonly report: ReplayReport;
}

export const Replaying = ({ bench }: { readonly bench: Bench }): JSX.Element => {
  const account = useAccount();
  const [asked, setOver] = useParam('over', USUAL);
  const span = SPANS.find(({ id }) => id === asked) ?? SPANS[2];
  const { mutate, isPending, error } = useReplay();
  const asking = askingOf(bench, span.id);
  const client = useQueryClient();
  const key = ['policy-replayed', bench.entry.name, asking?.name ?? ''];
  const { data } = useQuery<Kept | null>({
    ...{ queryKey: key, queryFn: () => null, enabled: false, gcTime: Number.POSITIVE_INFINITY },
  });
  const obstacle = whyNot(account, 'replay');
  const run = (): void =>
    asking === undefined
      ? undefined
      : mutate(
          { candidate: asking.candidate, sinceMs: span.ms },
          {
            onSuccess: (report) => client.setQueryData<Kept>(key, { of: asking.of, over: span.id, report }),
          },
        );
  const why = data == null ? undefined : staleBecause(data, asking?.of ?? '', bench.overview);
  return (
    <StepBox
      number={3}
      name="Replay"
      state={data == null ? undefined : why === undefined ? stateOf(data.report) : { mood: 'warn', word: 'stale' }}
      action={
        <>
          {asking !== undefined && <Copy text={asking.command} label="CLI" />}
          <select aria-label="How far back" value={span.id} onChange={({ target }) => setOver(target.value)}>
            {SPANS.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
          <button
            type="button"
            className="plain"
            disabled={obstacle !== undefined || asking === undefined || isPending}
            aria-describedby={obstacle === undefined ? undefined : 'replay-obstacle'}
            onClick={run}
          >
            {isPending ? 'Running' : 'Run'}
          </button>
        </>
      }
    >
      {obstacle !== undefined && (
        <p className="faint" id="replay-obstacle">
          {obstacle}
        </p>
      )}
      <Wrong error={error} />
      {data == null ? (
        obstacle === undefined &&
        error === null && (
          <p className="faint">
            {asking === undefined
              ? 'There is nothing that differs from the active policy.'
              : 'Decides the recorded calls again. It is evidence, and no permission.'}
          </p>
        )
      ) : (
        <Report kept={data} why={why} />
      )}
    </StepBox>
  );
};

interface Asking {
  /** What is kept of it is kept under this. */
  readonly name: string;
  readonly of: string;
  readonly candidate: Candidate;
  readonly command: string;
}

const askingOf = (bench: Bench, over: string): Asking | undefined => {
  const { subject, drafting, stored } = bench;
  if (subject.kind === 'release') {
    const id = digits(subject.release.id);
    const command = policyCommand('replay', { release: id, flags: { since: over } });
    return { name: id, of: id, candidate: { release: id }, command };
  }
  if (subject.kind === 'none' || drafting.draft === null) return undefined;
  const proposal = proposalOf(stored.resource, drafting.draft);
  const { resources, origins } = proposal;
  const command = draftCommand('replay', proposal, { since: over });
  // Cases change nothing about what it would do.
  const of = fingerprintOf({ drafting: { ...drafting, draft: { ...drafting.draft, cases: '' } } });
  return { name: 'draft', of, candidate: { resources, origins }, command };
};

const staleBecause = ({ of, report }: Kept, now: string, { active }: PolicyOverview): string | undefined => {
  if (report.base !== active)
    return `it ran against ${shortId(report.base)}, and ${shortId(active)} is active now; run it again`;
  if (of !== now) return 'the draft is another one since it ran; run it again';
  return report.stale ? 'another policy is active than the one that this release was made against' : undefined;
};

const isWider = ({ flip }: { readonly flip: string }): boolean =>
  ['deny->allow', 'deny->require_approval', 'require_approval->allow'].includes(flip);

const stateOf = ({ groups, flips }: ReplayReport) => {
  if (groups.some(isWider)) return { mood: 'warn', word: 'wider' } as const;
  return flips === 0
    ? ({ mood: 'ok', word: 'the same' } as const)
    : ({ mood: 'info', word: `${flips} ${flips === 1 ? 'flip' : 'flips'}` } as const);
};

const Report = ({
  kept: { report, over },
  why,
}: {
  readonly kept: Kept;
  readonly why: string | undefined;
}): JSX.Element => {
  const { base, release, decisions, same, otherRules, unknown, unknownFor, groups, tookMs } = report;
  const missing = Object.entries(unknownFor).map(([name, times]) => `${name} in ${times}`);
  return (
    <div className={why === undefined ? '' : 'old'}>
      {why !== undefined && (
        <p className="warn" role="status">
          Stale: {why}.
        </p>
      )}
      <p className="faint">
        <span className="num">{decisions}</span> decisions of the last {over} by{' '}
        <span className="num">{shortId(base)}</span>, again by <span className="num">{shortId(release)}</span>, in{' '}
        {duration(tookMs)}
      </p>
      <dl className="tally">
        {countsOf(report).map(([name, count, mood]) => (
          <div key={name} className={count === 0 ? '' : mood}>
            <dt>{name}</dt>
            <dd className="num">{count.toLocaleString('en')}</dd>
          </div>
        ))}
      </dl>
      <p className="faint">
        {same.toLocaleString('en')} by the same rules, {otherRules.toLocaleString('en')} by others
        {unknown > 0 && (
          <>
            ; {unknown.toLocaleString('en')} unknown, never counted as allowed
            {missing.length > 0 && (
              <>
                {' '}
                (not recorded: <Text of={missing.join(', ')} most={300} />)
              </>
            )}
          </>
        )}
      </p>
      {decisions === 0 && (
        <p>No decision was recorded in this time: look further back, or let traffic through first.</p>
      )}
      <Flips groups={groups} />
    </div>
  );
};

/** What was not allowed and would be comes first; then what is tightened; then what stays. */
const countsOf = ({ groups, same, otherRules }: ReplayReport): readonly (readonly [string, number, string])[] => {
  const of = (...flips: readonly string[]): number =>
    groups.reduce((sum, { flip, count }) => (flips.includes(flip) ? sum + count : sum), 0);
  return [
    ['deny → allow', of('deny->allow'), 'warn'],
    ['hold → allow', of('require_approval->allow'), 'warn'],
    ['deny → hold', of('deny->require_approval'), 'warn'],
    ['allow → deny', of('allow->deny'), ''],
    ['allow → hold', of('allow->require_approval'), ''],
    ['hold → deny', of('require_approval->deny'), ''],
    ['same', same + otherRules, ''],
  ];
};

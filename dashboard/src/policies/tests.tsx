/** Step 1: cases say what a policy is meant to do, and both engines decide them. */
import type { JSX } from 'react';
import type { CaseOutcome, ReleaseCheck } from '../../../src/contract/index.ts';
import { useAccount } from '../frame/account.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { useChecked } from './checked.ts';
import { draftCommand, policyCommand } from './commands.ts';
import type { Part } from './draft.ts';
import { whyNot } from './may.ts';
import { proposalOf } from './proposal.ts';
import { StepBox } from './step.tsx';
import { proofText } from './versions.tsx';
import { Wrong } from './wrong.tsx';

interface TestsProps {
  readonly bench: Bench;
  readonly onGoTo: (part: Part, line: number, character: number) => void;
}

export const Tests = ({ bench, onGoTo }: TestsProps): JSX.Element => {
  const { subject } = bench;
  const { draft } = bench.drafting;
  if (subject.kind === 'draft' || (subject.kind === 'none' && draft !== null && draft.cases !== ''))
    return <OfDraft bench={bench} onGoTo={onGoTo} />;
  if (subject.kind === 'none')
    return (
      <StepBox number={1} name="Tests">
        <p className="faint">Nothing is proposed. Write in the middle, and the way of the change begins here.</p>
      </StepBox>
    );
  const { proof, id } = subject.release;
  return (
    <StepBox
      number={1}
      name="Tests"
      state={proof === null || proof.cases === 0 ? { mood: 'warn', word: 'no cases' } : { mood: 'ok', word: 'hold' }}
      action={<Copy text={policyCommand('history', { release: id })} label="CLI" />}
    >
      <p>
        {proof === null || proof.cases === 0
          ? 'No cases came with it: nothing says what it is meant to do.'
          : `${proofText(proof)} reached; each held in both engines, or it were no release.`}
      </p>
    </StepBox>
  );
};

const OfDraft = ({ bench, onGoTo }: TestsProps): JSX.Element => {
  const account = useAccount();
  const { drafting, stored } = bench;
  const { run, result, isOld, isPending, error } = useChecked(bench);
  const obstacle = whyNot(account, 'check');
  const proposal = drafting.draft === null ? undefined : proposalOf(stored.resource, drafting.draft);
  const failed = result?.cases.filter(({ problems }) => problems.length > 0) ?? [];
  return (
    <StepBox
      number={1}
      name="Tests"
      state={result === undefined ? undefined : isOld ? { mood: 'warn', word: 'stale' } : stateOf(result, failed)}
      action={
        <>
          {proposal !== undefined && <Copy text={draftCommand('test', proposal)} label="CLI" />}
          <button
            type="button"
            className="plain"
            data-run
            disabled={obstacle !== undefined || isPending}
            aria-describedby={obstacle === undefined ? undefined : 'tests-obstacle'}
            onClick={run}
          >
            {isPending ? 'Running' : 'Run'}
          </button>
        </>
      }
    >
      {obstacle !== undefined && (
        <p className="faint" id="tests-obstacle">
          {obstacle}
        </p>
      )}
      <Wrong error={error} />
      {result !== undefined && <Outcome result={result} failed={failed} isOld={isOld} onGoTo={onGoTo} />}
      {result === undefined && error === null && obstacle === undefined && (
        <p className="faint">
          Ctrl or ⌘ with Enter decides the cases of the draft with the agents, tools and people of this hub, in both
          engines.
        </p>
      )}
    </StepBox>
  );
};

const stateOf = ({ cases, problems }: ReleaseCheck, failed: readonly CaseOutcome[]) => {
  if (failed.length > 0) return { mood: 'bad', word: `${failed.length} of ${cases.length} fail` } as const;
  if (problems.length > 0) return { mood: 'bad', word: 'refused' } as const;
  return cases.length === 0
    ? ({ mood: 'warn', word: 'no cases' } as const)
    : ({ mood: 'ok', word: `${cases.length} hold` } as const);
};

interface OutcomeProps {
  readonly result: ReleaseCheck;
  readonly failed: readonly CaseOutcome[];
  readonly isOld: boolean;
  readonly onGoTo: TestsProps['onGoTo'];
}

const Outcome = ({ result, failed, isOld, onGoTo }: OutcomeProps): JSX.Element => {
  const { cases, proof, problems, id, base } = result;
  return (
    <div className={isOld ? 'old' : ''}>
      {isOld && <p className="warn">The draft, or the active policy, is another one since this ran.</p>}
      {id === base && <p>Rule by rule it is the active policy: nothing would change.</p>}
      {cases.length > 0 && (
        <p>
          {cases.length - failed.length} of {cases.length} cases hold, in both engines; {proof.covered} of {proof.rules}{' '}
          rules are reached.
        </p>
      )}
      {cases.length === 0 && <p>No cases: nothing beside these policies says what they are meant to do.</p>}
      <ul className="findings">
        {failed.map(({ name, origin, problems: why }) => (
          <li key={`${origin} ${name}`}>
            <button type="button" onClick={() => onGoTo('cases', lineOf(origin), 0)}>
              <span className="mark bad">fails</span>
              <span>
                <Text of={name} most={200} />
                <span className="faint">
                  {' '}
                  <Text of={why.join('; ')} most={600} />
                </span>
              </span>
            </button>
          </li>
        ))}
        {problems.map((problem) => (
          <li key={problem}>
            <span className="mark bad">refused</span>
            <Text of={problem} most={600} />
          </li>
        ))}
      </ul>
    </div>
  );
};

/** `org.cases.yaml:17`, from 1; an editor counts from 0. */
const lineOf = (origin: string): number => Math.max(0, Number(/:(\d+)$/.exec(origin)?.[1] ?? 1) - 1);

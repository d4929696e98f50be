/** Step 2: what the hub says about the text while it is written, and first of all what it would let through that the active policy does not. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { JSX } from 'react';
import type { Diagnosis, Diagnostic, RuleDiff } from '../../../src/contract/index.ts';
import { useAccount } from '../frame/account.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { useChecked } from './checked.ts';
import { digits, draftCommand, policyCommand } from './commands.ts';
import type { Part } from './draft.ts';
import { whyNot } from './may.ts';
import { fileOf, proposalOf } from './proposal.ts';
import { useRelease } from './queries.ts';
import { StepBox } from './step.tsx';
import { Wrong } from './wrong.tsx';

interface LintProps {
  readonly bench: Bench;
  readonly diagnosis: UseQueryResult<Diagnosis>;
  readonly onGoTo: (part: Part, line: number, character: number) => void;
}

export const Lint = ({ bench, diagnosis, onGoTo }: LintProps): JSX.Element =>
  bench.subject.kind === 'release' ? (
    <OfRelease id={digits(bench.subject.release.id)} widening={bench.subject.release.widening} />
  ) : (
    <OfText bench={bench} diagnosis={diagnosis} onGoTo={onGoTo} />
  );

const OfText = ({ bench, diagnosis, onGoTo }: LintProps): JSX.Element => {
  const account = useAccount();
  const { entry, drafting, stored } = bench;
  const { result, isOld } = useChecked(bench);
  const obstacle = whyNot(account, 'diagnose');
  const said = diagnosis.data?.diagnostics ?? [];
  // What the policy becomes is told apart from what is wrong with it.
  const wider = said.filter(({ code }) => code === 'wider' || code === 'unclear');
  const rest = said.filter((one) => !wider.includes(one));
  const more = result !== undefined && !isOld ? result.warnings.filter((one) => !/^no cases/.test(one)) : [];
  const go = ({ file, range }: Diagnostic): void => {
    const part = file === fileOf(entry.name, 'limits') ? 'limits' : 'policies';
    onGoTo(part, range.start.line, range.start.character);
  };
  return (
    <StepBox
      number={2}
      name="Lint"
      state={diagnosis.data === undefined ? undefined : stateOf(said)}
      action={
        drafting.draft !== null && (
          <Copy
            text={draftCommand('lint', proposalOf(stored.resource, drafting.draft), { against: true })}
            label="CLI"
          />
        )
      }
    >
      {obstacle !== undefined && (
        <p className="faint">While one writes, {obstacle}. A test and a proposal are linted all the same.</p>
      )}
      <Wrong error={diagnosis.error} />
      {diagnosis.data !== undefined && said.length === 0 && (
        <p>Nothing is wrong with it, and it allows nothing that the active policy does not.</p>
      )}
      <ul className="findings">
        {[...wider, ...rest].map((one) => (
          <li key={`${one.file} ${one.range.start.line}:${one.range.start.character} ${one.code} ${one.message}`}>
            <button type="button" onClick={() => go(one)}>
              <span className={`mark ${moodOf(one)}`}>{wordOf(one)}</span>
              <Text of={sayingOf(one)} most={600} />
              <span className="num faint">{one.range.start.line + 1}</span>
            </button>
          </li>
        ))}
        {more.map((warning) => (
          <li key={warning}>
            <span className="mark warn">warning</span>
            <Text of={warning} most={600} />
          </li>
        ))}
      </ul>
    </StepBox>
  );
};

const stateOf = (said: readonly Diagnostic[]) => {
  const errors = said.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) return { mood: 'bad', word: `${errors} wrong` } as const;
  if (said.some(({ code }) => code === 'wider' || code === 'unclear')) return { mood: 'warn', word: 'wider' } as const;
  const warnings = said.filter(({ severity }) => severity === 'warning').length;
  return warnings > 0
    ? ({ mood: 'warn', word: `${warnings} idle` } as const)
    : ({ mood: 'ok', word: 'clean' } as const);
};

const moodOf = ({ severity, code }: Diagnostic): string => {
  if (code === 'wider' || code === 'unclear' || severity === 'warning') return 'warn';
  return severity === 'error' ? 'bad' : '';
};

/** What it becomes stands beside it in a word already. */
const sayingOf = ({ severity, message }: Diagnostic): string =>
  severity === 'information' ? message.replace(/^[a-z ]+ the active policy: /, '') : message;

const wordOf = ({ severity, code }: Diagnostic): string =>
  severity === 'information' ? (code === 'unclear' ? 'unclear' : code) : severity;

const OfRelease = ({ id, widening }: { readonly id: string; readonly widening: boolean }): JSX.Element => {
  const { data, error } = useRelease(id);
  return (
    <StepBox
      number={2}
      name="Lint"
      state={widening ? { mood: 'warn', word: 'wider' } : { mood: 'ok', word: 'narrower' }}
      action={<Copy text={policyCommand('diff', { release: id })} label="CLI" />}
    >
      <p>
        {widening
          ? 'It may allow what the policy that it was made against does not.'
          : 'It can only allow less than the policy that it was made against.'}
      </p>
      <Wrong error={error} />
      {data?.diff.length === 0 && <p className="faint">No rule and no fact differs from the active policy now.</p>}
      <Rules diff={data?.diff ?? []} />
    </StepBox>
  );
};

const MARKS = { add: ['+', 'ok'], remove: ['−', 'bad'], change: ['~', 'warn'] } as const;

const Rules = ({ diff }: { readonly diff: readonly RuleDiff[] }): JSX.Element => (
  <ul className="findings">
    {diff.map(({ rule, change, kind, reason }) => (
      <li key={`${kind} ${rule}`}>
        <span className="mark">
          {MARKS[change][0]} {kind}
        </span>
        <span>
          <Text of={rule} most={200} />
          <span className="faint">
            {' '}
            <Text of={reason} most={300} />
          </span>
        </span>
      </li>
    ))}
  </ul>
);

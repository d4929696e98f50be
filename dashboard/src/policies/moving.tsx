/** Step 4 of a release: in stages to every node, and back, as far as whoever looks may. */
import { type JSX, useState } from 'react';
import type { ReleaseView } from '../../../src/contract/index.ts';
import { useAccount } from '../frame/account.ts';
import { useParam } from '../frame/params.ts';
import { Text } from '../parts/text.tsx';
import { Arms } from './arms.tsx';
import type { Bench } from './bench.ts';
import { digits, policyCommand } from './commands.ts';
import { InForce } from './in-force.tsx';
import { whyNot } from './may.ts';
import { Origin } from './origin.tsx';
import { type Step, useRelease, useStep } from './queries.ts';
import { isOpen, moodOf, stateText } from './releases.ts';
import { Saying } from './saying.tsx';
import { StepBox } from './step.tsx';
import { Track } from './track.tsx';
import { Wrong } from './wrong.tsx';

const PERCENTS = [5, 10, 25, 50] as const;

interface MovingProps {
  readonly bench: Bench;
  readonly release: ReleaseView;
}

type Verb = 'approve' | 'shadow' | 'part' | 'full' | 'rollback';

const verbOf = (asked: string): Verb | null => (Object.hasOwn(WORDS, asked) ? (asked as Verb) : null);

export const Moving = ({ bench, release }: MovingProps): JSX.Element => {
  const { id, state, percent, author, reason, needsApproval, approvedBy, log } = release;
  const { data, error } = useRelease(digits(id));
  const [asked, setVerb] = useParam('do');
  const verb = isOpen(release) ? verbOf(asked) : null;
  const [share, setShare] = useState<number>(PERCENTS[1]);
  const step = useStep();
  const last = log.at(-1);
  return (
    <StepBox number={4} name="Activate in stages" state={{ mood: moodWord(release), word: stateText(release) }}>
      <Track state={state} percent={percent} />
      <p>
        <Text of={author} most={60} />: <Text of={reason} most={400} />
        {approvedBy !== null && (
          <>
            {' '}
            · approved by <Text of={approvedBy} most={60} />
          </>
        )}
      </p>
      <Wrong error={error} />
      {(state === 'shadow' || state === 'canary' || state === 'active') && <InForce />}
      {data?.arms != null && <Arms arms={data.arms} state={state} />}
      {needsApproval && (
        <p className="warn">
          It may allow more than the active policy: another person than its author approves it first.
        </p>
      )}
      {state === 'halted' && last !== undefined && (
        <p className="warn" role="status">
          Halted by <Text of={last.by} most={60} />: <Text of={last.reason} most={400} />
        </p>
      )}
      {verb === null ? (
        <Choices bench={bench} release={release} share={share} onShare={setShare} onChoose={setVerb} />
      ) : (
        <Saying
          label="Why (kept in its history)"
          {...WORDS[verb](share)}
          command={(why) => commandOf(verb, id, share, why)}
          run={step}
          onSay={(why) => step.mutate(stepOf(verb, id, share, why), { onSuccess: () => setVerb('') })}
          onCancel={() => {
            step.reset();
            setVerb('');
          }}
        />
      )}
      {isOpen(release) && <Origin bench={bench} isShort />}
    </StepBox>
  );
};

const moodWord = (release: ReleaseView) => moodOf(release) as '' | 'ok' | 'warn' | 'info';

const WORDS = {
  approve: () => ({ button: 'Approve', after: 'as the second person: it may then decide calls' }),
  shadow: () => ({
    button: 'Shadow',
    after: 'asked after every decision; it decides nothing and notes where it differs',
  }),
  part: (share: number) => ({
    button: `Activate for ${share} %`,
    after: `it decides ${share} % of the call trees, and is halted by itself when it does harm`,
  }),
  full: () => ({ button: 'Activate for all', after: 'it becomes the active policy, on every node, as a new revision' }),
  rollback: () => ({
    button: 'Roll back',
    after: 'it decides nothing more, at once, on every node',
    isDangerous: true,
  }),
} as const satisfies Record<Verb, (share: number) => object>;

const stepOf = (verb: Verb, release: string, percent: number, reason: string): Step => {
  if (verb === 'rollback') return { verb, reason };
  if (verb === 'part' || verb === 'full')
    return { verb: 'activate', release, reason, percent: verb === 'full' ? 100 : percent };
  return { verb, release, reason };
};

const commandOf = (verb: Verb, release: string, share: number, reason: string): string => {
  if (verb === 'rollback') return policyCommand(verb, { flags: { reason, yes: true } });
  const flags = { ...(verb === 'part' ? { percent: String(share) } : {}), reason };
  return policyCommand(verb === 'part' || verb === 'full' ? 'activate' : verb, { release, flags });
};

interface ChoicesProps extends MovingProps {
  readonly share: number;
  readonly onShare: (share: number) => void;
  readonly onChoose: (verb: Verb) => void;
}

const Choices = ({ bench, release, share, onShare, onChoose }: ChoicesProps): JSX.Element | null => {
  const account = useAccount();
  const { state, stale, needsApproval, author } = release;
  if (!isOpen(release)) return null;
  const move = whyNot(account, 'move') ?? (stale ? STALE : undefined) ?? others(bench.releases, release);
  const decide = move ?? (needsApproval ? 'another person than its author must approve it first' : undefined);
  const approve =
    whyNot(account, 'approve') ??
    (author === `user/${account.id}` ? 'you made this release; somebody else must approve it' : undefined);
  const back = whyNot(account, 'move');
  const reasons = new Set([...(needsApproval ? [approve] : []), decide, back].filter((one) => one !== undefined));
  const isTried = state === 'shadow' || state === 'canary';
  return (
    <>
      <div className="choices">
        {needsApproval && (
          <Choice mood="yes" obstacle={approve} onChoose={() => onChoose('approve')}>
            Approve …
          </Choice>
        )}
        {state === 'staged' && (
          <Choice obstacle={move} onChoose={() => onChoose('shadow')}>
            Shadow …
          </Choice>
        )}
        <select
          aria-label="Share of the call trees"
          value={share}
          disabled={decide !== undefined}
          onChange={({ target }) => onShare(Number(target.value))}
        >
          {PERCENTS.map((percent) => (
            <option key={percent} value={percent}>
              {percent} %
            </option>
          ))}
        </select>
        <Choice obstacle={decide} onChoose={() => onChoose('part')}>
          {state === 'canary' ? 'Change share …' : 'Activate part …'}
        </Choice>
        <Choice mood="yes" obstacle={decide} onChoose={() => onChoose('full')}>
          {state === 'canary' ? 'Promote …' : 'Activate all …'}
        </Choice>
        {isTried && (
          <Choice mood="no" obstacle={back} onChoose={() => onChoose('rollback')}>
            Roll back …
          </Choice>
        )}
      </div>
      <div id="move-note">
        {[...reasons].map((reason) => (
          <p key={reason} className="faint">
            {reason}
          </p>
        ))}
      </div>
    </>
  );
};

interface ChoiceProps {
  readonly mood?: 'yes' | 'no';
  /** Why not; it stands below all of them. */
  readonly obstacle: string | undefined;
  readonly children: string;
  readonly onChoose: () => void;
}

const Choice = ({ mood, obstacle, children, onChoose }: ChoiceProps): JSX.Element => (
  <button
    type="button"
    className={mood === undefined ? 'plain' : `plain ${mood}`}
    disabled={obstacle !== undefined}
    aria-describedby="move-note"
    onClick={onChoose}
  >
    {children}
  </button>
);

const STALE =
  'it was made against a policy that is not active any more; look at its replay and stage it again from the draft';

const others = (releases: readonly ReleaseView[], { id }: ReleaseView): string | undefined => {
  const tried = releases.find((one) => one.id !== id && (one.state === 'canary' || one.state === 'shadow'));
  return tried === undefined
    ? undefined
    : `release ${digits(tried.id).slice(0, 8)} is on trial, ${stateText(tried)}; roll it back or finish it first`;
};

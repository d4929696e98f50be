/** Step 4 of a draft: it becomes a release, which is in force nowhere yet. */
import type { JSX } from 'react';
import { useAccount } from '../frame/account.ts';
import { useParam, usePut } from '../frame/params.ts';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { useChecked } from './checked.ts';
import { digits, draftCommand } from './commands.ts';
import { isInConflict } from './draft.ts';
import { whyNot } from './may.ts';
import { Origin } from './origin.tsx';
import { proposalOf } from './proposal.ts';
import { useStage } from './queries.ts';
import { Saying } from './saying.tsx';
import { StepBox } from './step.tsx';
import { Track } from './track.tsx';

export const Staging = ({ bench }: { readonly bench: Bench }): JSX.Element => {
  const account = useAccount();
  const put = usePut();
  const { drafting, active, stored, overview } = bench;
  const { draft } = drafting;
  const { result, isOld } = useChecked(bench);
  const stage = useStage();
  const [asked, setAsked] = useParam('do');
  const setSaying = (isSaying: boolean): void => setAsked(isSaying ? 'stage' : '');
  const obstacle =
    whyNot(account, 'stage') ??
    (isInConflict(draft, active)
      ? `v${active.version} came since this draft began: look at the difference first`
      : undefined);
  const isSaying = asked === 'stage' && obstacle === undefined;
  const wider = result !== undefined && !isOld && result.wider.length > 0;
  return (
    <StepBox number={4} name="Activate in stages">
      <Track state="none" percent={0} />
      {isSaying && draft !== null ? (
        <Saying
          label="Why, for those who read it later"
          button="Stage"
          after="the hub lints it and decides its cases; it is in force nowhere"
          isOwed
          command={(reason) => draftCommand('stage', proposalOf(stored.resource, draft), { reason: reason || 'why' })}
          run={stage}
          onSay={(reason) =>
            stage.mutate(
              { proposal: proposalOf(stored.resource, draft), reason },
              {
                onSuccess: ({ release }) => {
                  put({ release: digits(release.id), do: '' });
                },
              },
            )
          }
          onCancel={() => setSaying(false)}
        />
      ) : (
        <div className="choices">
          <button
            type="button"
            className="plain yes"
            disabled={obstacle !== undefined}
            aria-describedby="stage-note"
            onClick={() => setSaying(true)}
          >
            Stage as a release …
          </button>
        </div>
      )}
      {!isSaying && (
        <p className={obstacle === undefined ? 'faint' : 'warn'} id="stage-note">
          {obstacle ??
            (overview.twoPerson
              ? 'What may allow more waits for another person than its author.'
              : 'It is in force nowhere before somebody activates it.')}
        </p>
      )}
      {wider && (
        <p className="warn">
          It may allow more: <Text of={result.wider.join('; ')} most={400} />
        </p>
      )}
      <Origin bench={bench} />
    </StepBox>
  );
};

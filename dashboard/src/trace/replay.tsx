/** Replay of a request: the command that makes it again, what would have to be given with it, and a button where nothing has. */
import type { JSX } from 'react';
import { useReplay, useReplayCheck } from '../api/replays.ts';
import { useAccount } from '../frame/account.ts';
import { useGo } from '../frame/params.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';

const NEEDS = 'this needs role `operator`; ask an admin to add it to your User resource';
/** A page full of them says no more. */
const MOST_SHOWN = 8;

export const Replay = ({ call }: { readonly call: string }): JSX.Element => {
  const { holds, csrf } = useAccount();
  const go = useGo();
  const isOperator = holds.includes('operator');
  const { data, error } = useReplayCheck(call, csrf, isOperator);
  const {
    mutate,
    isPending,
    error: failed,
  } = useReplay(csrf, ({ trace, replay }) => go(`/compare?a=${trace}&b=${replay.trace}`));
  const why = whyNot(isOperator, data?.problem ?? error?.message, data?.missing.length ?? 0);
  return (
    <section className="replay" aria-label="Replay">
      <p className="faint">
        The agent is asked again, on behalf of whoever asked it; what it calls is answered from the record. Nobody else
        is called, and it counts nowhere.
      </p>
      <div>
        <Copy text={`airspace request replay ${call.slice(0, 8)} --against scripted`} />
        <Copy text={`airspace request replay ${call.slice(0, 8)} --agent '<name>@<version>'`} label="another version" />
        <button
          type="button"
          className="plain"
          disabled={data === undefined || why !== '' || isPending}
          aria-describedby={why === '' ? undefined : 'replay-why'}
          onClick={() => mutate(call)}
        >
          {isPending ? 'Running' : 'Run and compare'}
        </button>
      </div>
      {why !== '' && (
        <p className="faint" id="replay-why">
          <Text of={why} most={600} />
        </p>
      )}
      {data !== undefined && data.missing.length > 0 && (
        <ul>
          {data.missing.slice(0, MOST_SHOWN).map((one) => (
            <li key={one}>
              <Text of={one} most={300} />
            </li>
          ))}
          {data.missing.length > MOST_SHOWN && <li>and {data.missing.length - MOST_SHOWN} more</li>}
        </ul>
      )}
      {failed !== null && (
        <p className="bad" role="alert">
          <Text of={failed.message} most={2_000} />
        </p>
      )}
    </section>
  );
};

/** Empty: nothing stands in the way. */
const whyNot = (isOperator: boolean, problem: string | undefined, missing: number): string => {
  if (!isOperator) return NEEDS;
  if (problem !== undefined) return problem;
  return missing === 0
    ? ''
    : 'Not everything was recorded; with the command it can be given (--data, --script). Missing:';
};

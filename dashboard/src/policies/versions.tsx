/** What a policy said before, who brought it and on what evidence; the releases of the house; and the way back. */
import type { JSX } from 'react';
import type { BundleVersion, ReleaseProof, ReleaseView } from '../../../src/contract/index.ts';
import { useAccount } from '../frame/account.ts';
import { useParam, usePut } from '../frame/params.ts';
import { ago } from '../model/ago.ts';
import { instant } from '../model/format.ts';
import { Heads } from '../parts/heads.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { digits, policyCommand, shortId } from './commands.ts';
import { whyNot } from './may.ts';
import { useStep, useVersions } from './queries.ts';
import { moodOf, stateText } from './releases.ts';
import { Saying } from './saying.tsx';

export const Versions = ({ bench }: { readonly bench: Bench }): JSX.Element => {
  const { entry, active, releases } = bench;
  const { data, error, refetch } = useVersions(entry.name, active.version);
  if (data === undefined)
    return error === null ? <Loading rows={10} /> : <Failed thrown={error} onRetry={() => void refetch()} />;
  return (
    <div className="scroll padded">
      <Back bench={bench} />
      <h3>Versions of {entry.name}</h3>
      <table className="grid-table">
        <Heads of={['version', 'when', 'by', 'reason', 'evidence', 'to do']} />
        <tbody>
          {data.items.map((version) => (
            <Row key={version.version} bench={bench} version={version} />
          ))}
        </tbody>
      </table>
      <h3>Releases</h3>
      {releases.length === 0 ? (
        <Empty title="Nothing was staged yet">What was applied from files came without a release.</Empty>
      ) : (
        <table className="grid-table">
          <Heads of={['release', 'state', 'when', 'author', 'reason', 'evidence']} />
          <tbody>
            {releases.map((release) => (
              <ReleaseRow key={release.id} release={release} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
};

interface RowProps {
  readonly bench: Bench;
  readonly version: BundleVersion;
}

const Row = ({ bench: { active, drafting }, version: one }: RowProps): JSX.Element => {
  const put = usePut();
  const { version, atMs, by, reason, release, rollbackOf, revision } = one;
  const isActive = version === active.version;
  const [was, now] = isActive ? [`v${version - 1}`, 'active'] : [`v${version}`, 'active'];
  return (
    <tr className={isActive ? 'selected' : ''}>
      <td className="num">
        v{version}
        {isActive && ' active'}
      </td>
      <td title={instant(atMs)}>{ago(atMs, Date.now())}</td>
      <td>
        <Text of={by} most={60} />
      </td>
      <td className="wide">
        <Text of={release?.reason ?? reason} most={200} />
        {rollbackOf !== null && <span className="faint"> back to revision {rollbackOf}</span>}
        <span className="faint"> · revision {revision}</span>
      </td>
      <td>{release === null ? <span className="faint">no release</span> : <Evidence of={release} />}</td>
      <td className="deeds">
        {(version > 1 || !isActive) && (
          <button type="button" className="plain" onClick={() => put({ view: 'diff', from: was, to: now })}>
            Diff
          </button>
        )}
        {!isActive && (
          <button
            type="button"
            className="plain"
            onClick={() => {
              drafting.put(one);
              put({ view: '', part: '', release: '' });
            }}
          >
            Into the draft
          </button>
        )}
      </td>
    </tr>
  );
};

const Evidence = ({ of }: { readonly of: NonNullable<BundleVersion['release']> }): JSX.Element => (
  <span>
    <span className="num">{shortId(of.id)}</span> {proofText(of.proof)}
    {of.approvedBy !== null && (
      <>
        , approved by <Text of={of.approvedBy} most={40} />
      </>
    )}
    {of.widening && <span className="badge warn">wider</span>}
  </span>
);

export const proofText = (proof: ReleaseProof | null): string => {
  if (proof === null) return 'not held against cases';
  if (proof.cases === 0) return 'no cases';
  return `${proof.cases} ${proof.cases === 1 ? 'case' : 'cases'}, ${proof.covered} of ${proof.rules} rules`;
};

const ReleaseRow = ({ release }: { readonly release: ReleaseView }): JSX.Element => {
  const put = usePut();
  const last = release.log.at(-1);
  return (
    <tr>
      <td className="num">
        <button type="button" onClick={() => put({ release: digits(release.id) })} title="show it on the right">
          {shortId(release.id)}
        </button>
      </td>
      <td>
        <span className={`badge ${moodOf(release)}`}>{stateText(release)}</span>
      </td>
      <td title={instant(release.createdAtMs)}>{ago(release.createdAtMs, Date.now())}</td>
      <td>
        <Text of={release.author} most={60} />
      </td>
      <td className="wide">
        <Text of={release.reason} most={200} />
        {release.state === 'halted' && last !== undefined && (
          <span className="faint">
            {' '}
            · halted by <Text of={last.by} most={60} />: <Text of={last.reason} most={200} />
          </span>
        )}
      </td>
      <td>
        {proofText(release.proof)} {release.widening && <span className="badge warn">wider</span>}
      </td>
    </tr>
  );
};

/** One way back for all of them: what is on trial, or else the last change of policy. */
const Back = ({ bench: { releases } }: { readonly bench: Bench }): JSX.Element => {
  const account = useAccount();
  const step = useStep();
  const [asked, setAsked] = useParam('do');
  const setAsking = (isAsking: boolean): void => setAsked(isAsking ? 'back' : '');
  const tried = releases.find(({ state }) => state === 'canary' || state === 'shadow');
  const obstacle = whyNot(account, 'move');
  const isAsking = asked === 'back' && obstacle === undefined;
  const what =
    tried === undefined
      ? 'brings back the policy before the active one, all bundles and facts, on every node'
      : `takes back release ${shortId(tried.id)}, ${stateText(tried)}, on every node`;
  return (
    <div className="back">
      {isAsking ? (
        <Saying
          label="Why (kept in its history)"
          button="Roll back"
          after={what}
          isDangerous
          command={(reason) => policyCommand('rollback', { flags: { reason, yes: true } })}
          run={step}
          onSay={(reason) => step.mutate({ verb: 'rollback', reason }, { onSuccess: () => setAsking(false) })}
          onCancel={() => setAsking(false)}
        />
      ) : (
        <>
          <button type="button" className="plain" disabled={obstacle !== undefined} onClick={() => setAsking(true)}>
            Roll back …
          </button>
          <span className="faint">{obstacle ?? what}</span>
          {step.data !== undefined && 'undone' in step.data && (
            <span role="status">
              took back <Text of={step.data.undone} most={200} />
            </span>
          )}
        </>
      )}
    </div>
  );
};

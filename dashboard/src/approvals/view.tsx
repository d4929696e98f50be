/** One approval, from what the node itself keeps and never from what an agent says about it. */
import type { JSX } from 'react';
import { Link } from 'wouter';
import type { ApprovalView } from '../../../src/contract/index.ts';
import { count, duration, instant, money } from '../model/format.ts';
import { indented } from '../model/indented.ts';
import { Badge } from '../parts/badge.tsx';
import { Copy } from '../parts/copy.tsx';
import { Heads } from '../parts/heads.tsx';
import { Text } from '../parts/text.tsx';

/** A page with more text than this does not move any more; nobody reads so much in one anyway. */
export const MOST_READ = 200_000;

export const View = ({ view }: { readonly view: ApprovalView }): JSX.Element => (
  <div className="scroll approval">
    <p className="badges">
      <Badge of={view.state} />
      <span className="badge">{view.effect || 'effect unknown'}</span>
      <span className="grow" />
      <Link className="plain" href={`/requests/${view.id}`}>
        Trace so far
      </Link>
      <Copy text={`airspace approval show ${view.id.slice(0, 8)}`} label="CLI" />
    </p>
    <h2>
      <Text of={view.caller} most={80} /> wants to call <Text of={view.target} most={120} />
    </h2>
    <p className="mute">
      <Text of={view.reason} most={1_000} />
    </p>
    <Sent view={view} />
    {view.plan !== undefined && <Plan plan={view.plan} />}
    <Held view={view} />
    <Votes view={view} />
  </div>
);

const Sent = ({ view: { body, contentType, isText } }: { readonly view: ApprovalView }): JSX.Element => {
  const isJson = /\bjson\b/.test(contentType);
  const shown = isText && isJson ? indented(body) : body;
  const bytes = isText ? new TextEncoder().encode(body).byteLength : Math.floor((body.length * 3) / 4);
  return (
    <section className="sent">
      <h3>
        Exactly this is sent
        <span className="faint">
          written by the caller, untrusted · {contentType === '' ? 'no type' : <Text of={contentType} most={60} />} ·{' '}
          {count(bytes)} bytes
          {!isText && ', as base64'}
        </span>
      </h3>
      <pre tabIndex={0} role="region" aria-label="Exactly what is sent">
        <Text of={shown} most={MOST_READ} keep={'\n'} />
      </pre>
    </section>
  );
};

const Plan = ({ plan: { check, changes } }: { readonly plan: NonNullable<ApprovalView['plan']> }): JSX.Element => (
  <section>
    <h3>What the plan would do</h3>
    {changes.map((change) => (
      <p className="bad" key={change}>
        Since people were asked: <Text of={change} />
      </p>
    ))}
    {check !== null && (
      <table className="grid-table">
        <Heads of={['step', 'calls', 'effect', 'policy']} numbers={['cost']} then={['taken back by']} />
        <tbody>
          {check.steps.map(({ step, target, effect, policy, costMicros, compensatedBy }) => (
            <tr key={step}>
              <td>
                <Text of={step} most={60} />
              </td>
              <td>
                <Text of={target} most={80} />
              </td>
              <td className={effect === 'irreversible' ? 'warn' : ''}>{effect || 'none'}</td>
              <td>{policy}</td>
              <td className="right num">{costMicros === null ? 'unknown' : money(costMicros)}</td>
              <td>
                <Text of={compensatedBy || 'nothing'} most={80} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
    {check?.problems.map((problem) => (
      <p className="bad" key={problem}>
        <Text of={problem} />
      </p>
    ))}
  </section>
);

const Held = ({ view }: { readonly view: ApprovalView }): JSX.Element => {
  const { rules, policyVersion, quorum, roles, behind, session, createdAtMs, expiresAtMs, digest, id, editedBy } = view;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['held by', `${rules.join(', ')} · ${policyVersion}`],
    ['needs', `${quorum} with role ${roles.join(', ') || 'approver'}`],
    ['behind it', behind.join(', ') || 'no person that this node knows of'],
    ['session', session || 'none'],
    ...(editedBy.length === 0 ? [] : [['changed by', `${editedBy.join(', ')}; they have no vote`] as const]),
    ['asked', instant(createdAtMs)],
    ['until', `${instant(expiresAtMs)}, ${duration(expiresAtMs - createdAtMs)} in all; no answer means no`],
    ['digest', digest],
    ['call', id],
  ];
  return (
    <section>
      <h3>Why it is held</h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt>{name}</dt>
            <dd className={name === 'digest' || name === 'call' ? 'num' : ''}>
              <Text of={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
};

const Votes = ({ view: { votes, approvals, quorum } }: { readonly view: ApprovalView }): JSX.Element => (
  <section>
    <h3>
      Votes · {approvals} of {quorum}
    </h3>
    {votes.length === 0 && <p className="faint">nobody has voted yet</p>}
    {votes.map(({ user, verdict, comment, atMs }) => (
      <p key={`${user}${atMs}`}>
        <Badge of={verdict === 'approve' ? 'approved' : 'denied'} /> <Text of={user} most={60} />{' '}
        {comment !== '' && (
          <q>
            <Text of={comment} most={1_000} />
          </q>
        )}{' '}
        <span className="faint num">{instant(atMs)}</span>
      </p>
    ))}
  </section>
);

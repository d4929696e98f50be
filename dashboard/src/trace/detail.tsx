/** What is known of one span: how it was decided, everything that was recorded, and how much went in and out. */
import { Tabs } from '@base-ui/react/tabs';
import type { JSX } from 'react';
import { Link } from 'wouter';
import type { CallEvent, StepEvent } from '../../../src/contract/index.ts';
import { useExplanations, useLogs } from '../api/queries.ts';
import type { Explanation } from '../api/views.ts';
import { useAccount } from '../frame/account.ts';
import { attemptsOf, callerText, isHeld, listOf, targetText, textOf } from '../model/facts.ts';
import { count, duration, instant } from '../model/format.ts';
import { type Span, versionText } from '../model/spans.ts';
import { Badge } from '../parts/badge.tsx';
import { Failed } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { Said, saidAttributes } from './said.tsx';

export const Detail = ({ span, trace }: { readonly span: Span; readonly trace: string }): JSX.Element => (
  <Tabs.Root className="detail" defaultValue="decision">
    <div className="detail-head">
      <i className={`kind k-${span.kind}`} />
      <strong>
        {span.verb} <Text of={span.name} most={60} />
      </strong>
      <span className="grow" />
      <Tabs.List className="tabs" aria-label="About the span">
        <Tabs.Tab value="decision">Decision</Tabs.Tab>
        <Tabs.Tab value="attributes">Attributes</Tabs.Tab>
        <Tabs.Tab value="payload">Input / output</Tabs.Tab>
        <Tabs.Tab value="logs">Logs</Tabs.Tab>
      </Tabs.List>
    </div>
    <Tabs.Panel value="decision" className="detail-body">
      <Decision span={span} trace={trace} />
    </Tabs.Panel>
    <Tabs.Panel value="attributes" className="detail-body">
      <Attributes span={span} />
    </Tabs.Panel>
    <Tabs.Panel value="payload" className="detail-body">
      <Payload span={span} />
    </Tabs.Panel>
    <Tabs.Panel value="logs" className="detail-body">
      <Logs trace={span.event.trace} />
    </Tabs.Panel>
  </Tabs.Root>
);

/** The order in which a call is asked about. */
const DECIDING: ReadonlySet<string> = new Set([
  'decide',
  'delegation',
  'fact',
  'price',
  'pause',
  'halt',
  'hold',
  'failover',
]);

const Decision = ({ span, trace }: { readonly span: Span; readonly trace: string }): JSX.Element =>
  span.said === undefined ? <Decided event={span.event} trace={trace} /> : <Said said={span.said} />;

const Decided = ({ event, trace }: { readonly event: CallEvent; readonly trace: string }): JSX.Element => {
  const mayAsk = useAccount().holds.includes('operator');
  const isNo = event.steps.some(({ name, attributes }) => name === 'decide' && attributes['effect'] !== 'allow');
  const explained = useExplanations(trace, mayAsk && isNo).data?.items.find((one) => one.span === event.span);
  const steps = event.steps.filter(({ name }) => DECIDING.has(name));
  return (
    <>
      <dl>
        <dt>call</dt>
        <dd>
          <Text of={callerText(event)} most={80} /> → <Text of={targetText(event)} most={120} />{' '}
          <Badge of={isHeld(event) ? 'held' : event.status} />
        </dd>
        {steps.length === 0 && (
          <>
            <dt>policy</dt>
            <dd className="faint">this node was not asked: another one on the way decided, and its span says how</dd>
          </>
        )}
        {steps.map((step) => (
          <Step key={`${step.span}${step.name}`} step={step} />
        ))}
        {textOf(event.attributes['message']) !== '' && (
          <>
            <dt>said</dt>
            <dd>
              <Text of={textOf(event.attributes['message'])} />
            </dd>
          </>
        )}
        {explained !== undefined && <Why explained={explained} />}
      </dl>
      {isHeld(event) && (
        <div className="actions">
          <Link className="plain" href={`/approvals?sel=${event.callId}`}>
            Open the approval
          </Link>
        </div>
      )}
    </>
  );
};

const Step = ({ step: { name, attributes, durationMs } }: { readonly step: StepEvent }): JSX.Element => {
  const { effect, outcome, code, policyVersion } = attributes;
  const word = textOf(effect ?? outcome);
  return (
    <>
      <dt>{name === 'decide' ? 'policy' : name}</dt>
      <dd>
        {word !== '' && <Badge of={word} />} {textOf(code) !== '' && code !== 'OK' && <code>{textOf(code)}</code>}{' '}
        <Text of={listOf(attributes['rules'] ?? attributes['budgets']).join(', ')} />
        {listOf(attributes['missing']).length > 0 && (
          <>
            {' '}
            no permit at <Text of={listOf(attributes['missing']).join(', ')} />
          </>
        )}{' '}
        <span className="faint num">
          {policyVersion === undefined ? '' : `policy ${versionText(textOf(policyVersion))} · `}
          {duration(durationMs)}
        </span>
      </dd>
    </>
  );
};

/** Decided again by the policy in force now, clause by clause. */
const Why = ({
  explained: { sentence, blocking, nearMisses, caveats, policyVersion, decidedBy },
}: {
  readonly explained: Explanation;
}) => (
  <>
    <dt>why</dt>
    <dd>
      <Text of={sentence} most={1_000} />
      {policyVersion !== decidedBy && (
        <span className="warn">
          {' '}
          explained by {policyVersion}, decided by {decidedBy}
        </span>
      )}
    </dd>
    {blocking.map(({ level, id, reason, clauses }) => (
      <Rule
        key={`${level}/${id}`}
        name={`${level}/${id}`}
        reason={reason}
        clauses={clauses.map(({ text, value }) => `${text} is ${value}`)}
      />
    ))}
    {nearMisses.slice(0, 2).map(({ level, id, reason, failed }) => (
      <Rule
        key={`${level}/${id}`}
        name={`${level}/${id} nearly`}
        reason={reason}
        clauses={failed.map(({ text, value }) => `${text} is ${value}`)}
      />
    ))}
    {caveats.length > 0 && (
      <>
        <dt>but</dt>
        <dd className="faint">
          <Text of={caveats.join('; ')} />
        </dd>
      </>
    )}
  </>
);

interface RuleProps {
  readonly name: string;
  readonly reason: string;
  readonly clauses: readonly string[];
}

const Rule = ({ name, reason, clauses }: RuleProps): JSX.Element => (
  <>
    <dt>rule</dt>
    <dd>
      <strong>
        <Text of={name} />
      </strong>{' '}
      <Text of={reason} />
      {clauses.map((clause) => (
        <code key={clause} className="clause">
          <Text of={clause} />
        </code>
      ))}
    </dd>
  </>
);

const Attributes = ({ span: { event, step, said, fromMs, toMs } }: { readonly span: Span }): JSX.Element => {
  const own: Readonly<Record<string, unknown>> =
    said === undefined ? seenAttributes(event, step) : saidAttributes(said);
  return (
    <dl className="wide">
      <dt>time</dt>
      <dd className="num">
        {instant(fromMs)} · {duration(toMs - fromMs)}
      </dd>
      {Object.entries(own).map(([name, value]) =>
        value === undefined || value === '' ? null : (
          <div key={name}>
            <dt>
              <Text of={name} most={60} />
            </dt>
            <dd className="num">
              <Text of={Array.isArray(value) ? value.join(', ') : String(value)} />
            </dd>
          </div>
        ),
      )}
    </dl>
  );
};

const seenAttributes = (event: CallEvent, step: StepEvent | undefined): Readonly<Record<string, unknown>> =>
  step === undefined
    ? {
        ...{ 'call.id': event.callId, trace: event.trace, span: event.span, node: event.node, role: event.role },
        ...{ session: event.session, snapshot: event.snapshotSeq, depth: event.lineage.depth },
        ...event.attributes,
      }
    : { span: step.span, step: step.name, ...step.attributes };

/** Payloads are not kept with traces: their sizes and, where a rule wants it, their digest are. */
const Payload = ({ span: { event, said } }: { readonly span: Span }): JSX.Element =>
  said === undefined ? (
    <Sizes event={event} />
  ) : (
    <p className="faint">what an agent says of itself is no call, and has no payload</p>
  );

const Sizes = ({ event }: { readonly event: CallEvent }): JSX.Element => (
  <dl>
    <dt>input</dt>
    <dd className="num">{count(event.requestBytes)} bytes</dd>
    <dt>output</dt>
    <dd className="num">
      {count(event.replyBytes)} bytes · status {event.httpStatus === 0 ? 'none' : event.httpStatus} ·{' '}
      {attemptsOf(event)} tries
    </dd>
    <dt>digest</dt>
    <dd className="num">{textOf(event.attributes['payload.sha256']) || 'no rule asks for one'}</dd>
    <dt>contents</dt>
    <dd className="faint">not kept with traces; a held call shows its exact bytes to those who decide about it</dd>
  </dl>
);

/** What this node wrote while it worked on the trace, as far as it still has it. */
const Logs = ({ trace }: { readonly trace: string }): JSX.Element => {
  const { data, error } = useLogs(trace);
  if (error !== null) return <Failed thrown={error} />;
  if (data?.records.length === 0)
    return <p className="faint">this node wrote nothing about it, or has it no more; other nodes write their own</p>;
  return (
    <ol className="log">
      {data?.records.map(({ time, level, message, ...fields }) => (
        <li key={`${time}${message}`}>
          <span className="faint">{time}</span>{' '}
          <span className={level === 'error' ? 'bad' : level === 'warn' ? 'warn' : 'mute'}>{level}</span>{' '}
          <Text of={message} />{' '}
          <span className="faint">
            <Text of={JSON.stringify(fields)} />
          </span>
        </li>
      ))}
    </ol>
  );
};

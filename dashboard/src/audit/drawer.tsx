/** One line of the audit in full: what it says, what it changed, and what its place in the chain rests on. */
import { type JSX, useState } from 'react';
import { Link } from 'wouter';
import type { AuditRecord, AuditVerification } from '../../../src/contract/index.ts';
import { type ChainName, useAuditRecord } from '../api/audit.ts';
import { useHref } from '../frame/params.ts';
import { textOf } from '../model/facts.ts';
import { instant } from '../model/format.ts';
import { quoted } from '../model/shell.ts';
import { placeOf, proofOf, type TrailFilter } from '../model/trail.ts';
import { Copy } from '../parts/copy.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { ReleaseDiff, RevisionDiff } from './diff.tsx';

interface DrawerProps {
  readonly chain: ChainName;
  readonly seq: number;
  readonly last: AuditVerification['last'];
  readonly onClose: () => void;
  /** Absent: nothing can be looked for in this chain. */
  readonly onOnly: ((only: Partial<TrailFilter>) => void) | undefined;
}

export const Drawer = ({ chain, seq, last, onClose, onOnly }: DrawerProps): JSX.Element => {
  const { data, error, refetch } = useAuditRecord(chain, seq);
  const record = data?.items.find((one) => one.seq === seq);
  const [isJson, setJson] = useState(false);
  return (
    <section className="panel" aria-label="The selected record">
      <header>
        <h2>
          Record <span className="num">{seq}</span>
        </h2>
        <span className="grow" />
        {record !== undefined && (
          <>
            <button type="button" className="plain" aria-pressed={isJson} onClick={() => setJson(!isJson)}>
              JSON
            </button>
            <Copy text={commandOf(record)} label="CLI" />
          </>
        )}
        <button type="button" className="square" aria-label="close" onClick={onClose}>
          <Icon name="close" size={12} />
        </button>
      </header>
      <div className="scroll padded">
        {record !== undefined ? (
          isJson ? (
            <pre className="lines">
              <Text of={JSON.stringify(record, null, 2)} most={20_000} keep={'\n'} />
            </pre>
          ) : (
            <Entry record={record} last={last} onOnly={onOnly} />
          )
        ) : data !== undefined ? (
          <Empty title="There is no such record">The chain has fewer, or it is of another node.</Empty>
        ) : error === null ? (
          <Loading />
        ) : (
          <Failed thrown={error} onRetry={() => void refetch()} />
        )}
      </div>
    </section>
  );
};

const commandOf = ({ object, callId }: AuditRecord): string =>
  callId === '' ? `airspace audit ls --object ${quoted(object)}` : `airspace audit ls --call ${callId}`;

interface EntryProps extends Pick<DrawerProps, 'last' | 'onOnly'> {
  readonly record: AuditRecord;
}

const Entry = ({ record, last, onOnly }: EntryProps): JSX.Element => {
  const { seq, atMs, actor, kind, object, callId, details, prev, hash } = record;
  const href = useHref();
  const place = placeOf(record);
  const revision = /^revision\/(\d+)$/.exec(object)?.[1];
  const release = /^release\/(?:sha256:)?([0-9a-f]{8,32})/.exec(object)?.[1];
  const only = (what: Partial<TrailFilter>): JSX.Element | null =>
    onOnly === undefined ? null : (
      <button type="button" className="only" onClick={() => onOnly(what)}>
        only these
      </button>
    );
  return (
    <>
      <dl>
        <dt>time</dt>
        <dd className="num">{instant(atMs)}</dd>
        <dt>who</dt>
        <dd>
          <Text of={actor} /> {only({ actor })}
        </dd>
        <dt>action</dt>
        <dd>
          <Text of={kind} /> {only({ kind })}
        </dd>
        <dt>what</dt>
        <dd>
          <Text of={object} /> {only({ object })}
        </dd>
        {callId !== '' && (
          <>
            <dt>request</dt>
            <dd className="num">
              <Text of={callId} /> {/^[0-9a-f]{32}$/.test(callId) && only({ call: callId })}
            </dd>
          </>
        )}
        {Object.entries(details).map(([name, value]) => (
          <Detail key={name} name={name} value={value} />
        ))}
      </dl>
      {place !== undefined && (
        <p>
          <Link className="plain" href={href(place)}>
            {callId === '' ? 'Open it' : 'Open the request'}
          </Link>
        </p>
      )}
      {revision !== undefined && (
        <>
          <h3>What it changed</h3>
          <RevisionDiff revision={Number(revision)} />
        </>
      )}
      {release !== undefined && (
        <>
          <h3>The rules</h3>
          <ReleaseDiff release={release} />
        </>
      )}
      <h3>In the chain</h3>
      <dl>
        <dt>state</dt>
        <dd>{STATES[proofOf(seq, last)]}</dd>
        <dt>its hash</dt>
        <dd className="num">
          <Text of={hash} />
        </dd>
        <dt>the one before</dt>
        <dd className="num">
          <Text of={prev} />
        </dd>
      </dl>
    </>
  );
};

const DIGEST = /^(sha256:)?[0-9a-f]{16,}$/;

const STATES = {
  ok: '✓ as it was written, when the chain was last checked',
  bad: '✗ at or behind the first record that is not as it was written',
  unseen: 'not checked yet',
} as const;

const Detail = ({ name, value }: { readonly name: string; readonly value: AuditRecord['details'][string] }) => (
  <>
    <dt>
      <Text of={name} most={60} />
    </dt>
    <dd>
      {Array.isArray(value) ? (
        value.map((one) => (
          <div key={one}>
            <Text of={one} />
          </div>
        ))
      ) : (
        <span className={DIGEST.test(textOf(value)) ? 'num' : ''}>
          <Text of={textOf(value)} most={1_000} />
        </span>
      )}
    </dd>
  </>
);

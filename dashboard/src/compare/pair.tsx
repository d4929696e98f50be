/** One call of both requests in full: each fact beside the same fact, and which of them differ. */
import type { JSX, ReactNode } from 'react';
import { Link } from 'wouter';
import type { ComparedCall, ComparedRow, Difference } from '../../../src/contract/index.ts';
import { useHref } from '../frame/params.ts';
import { count, duration, money } from '../model/format.ts';
import { versionText } from '../model/spans.ts';
import { Badge } from '../parts/badge.tsx';
import { Text } from '../parts/text.tsx';

interface Fact {
  readonly name: string;
  /** Under which difference it counts. */
  readonly under?: Difference;
  readonly of: (call: ComparedCall) => ReactNode;
}

const text = (words: string): ReactNode => (words === '' ? '–' : <Text of={words} most={300} />);

const FACTS: readonly Fact[] = [
  { name: 'target', under: 'target', of: ({ target }) => text(target) },
  { name: 'caller', of: ({ caller }) => text(caller) },
  {
    ...{ name: 'outcome', under: 'outcome' },
    of: ({ status, code }) => (
      <>
        <Badge of={status} />{' '}
        {code !== '' && (
          <code>
            <Text of={code} most={60} />
          </code>
        )}
      </>
    ),
  },
  { name: 'decided', under: 'decision', of: ({ effects }) => text(effects.join(', ').replaceAll('_', ' ')) },
  { name: 'rules', under: 'decision', of: ({ rules }) => text(rules.join(', ')) },
  { name: 'policy', under: 'policy', of: ({ policies }) => text(policies.map(versionText).join(', ')) },
  { name: 'ran at', under: 'endpoint', of: ({ endpoint }) => text(endpoint) },
  { name: 'way', under: 'way', of: ({ nodes }) => text(nodes.join(' → ')) },
  { name: 'tries', under: 'attempts', of: ({ attempts }) => attempts },
  { name: 'took', under: 'duration', of: ({ durationMs, waitedMs }) => duration(durationMs - waitedMs) },
  { name: 'waited', of: ({ waitedMs }) => (waitedMs === 0 ? '–' : `${duration(waitedMs)} for people`) },
  { name: 'tokens', under: 'tokens', of: ({ tokens }) => (tokens === 0 ? '–' : count(tokens)) },
  { name: 'cost', under: 'cost', of: ({ costMicros }) => (costMicros === null ? '–' : money(costMicros)) },
];

export const Pair = ({ row: { a, b, differs } }: { readonly row: ComparedRow }): JSX.Element => {
  const href = useHref();
  const opened = (call: ComparedCall | null): JSX.Element | null =>
    call === null ? null : (
      <Link
        className="link num"
        href={href(`/requests/${encodeURIComponent(call.callId)}?span=${encodeURIComponent(call.span)}`)}
      >
        <Text of={call.callId.slice(0, 8)} />
      </Link>
    );
  return (
    <section className="pair" aria-label="The selected call in both">
      <table className="grid-table">
        <thead>
          <tr>
            <th scope="col">fact</th>
            <th scope="col">
              <b className="side a">a</b> {opened(a)}
            </th>
            <th scope="col">
              <b className="side b">b</b> {opened(b)}
            </th>
          </tr>
        </thead>
        <tbody>
          {FACTS.map(({ name, under, of }) => {
            const isOther = under !== undefined && differs.includes(under);
            return (
              <tr key={name} className={isOther ? 'other' : ''}>
                <th scope="row">
                  {isOther && <i aria-hidden="true">≠ </i>}
                  {name}
                  {isOther && <span className="hidden"> differs</span>}
                </th>
                <td>{a === null ? <span className="faint">not called</span> : of(a)}</td>
                <td>{b === null ? <span className="faint">not called</span> : of(b)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
};

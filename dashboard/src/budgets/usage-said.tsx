/** What the figures are of, and what is not in them: said before anybody reads them. */
import type { JSX } from 'react';
import type { UsageView } from '../../../src/contract/index.ts';
import { clock, stamp } from '../model/format.ts';
import type { Asked } from '../model/usage.ts';
import { Text } from '../parts/text.tsx';

interface CaveatsProps {
  readonly view: UsageView;
  readonly asked: Asked;
  /** Why the node did not answer when it was asked again; empty: it did. */
  readonly problem: string;
  /** Unix ms. */
  readonly readAtMs: number;
}

export const Caveats = ({ view, asked, problem, readAtMs }: CaveatsProps): JSX.Element => {
  const { fromMs, toMs, step, isCut, without, items } = view;
  return (
    <>
      {problem !== '' && (
        <p className="stale" role="alert">
          These figures are of {clock(readAtMs)}, and the node has not answered since: <Text of={problem} most={300} />
        </p>
      )}
      {without.length > 0 && (
        <p className="stale" role="status">
          Without what came in at{' '}
          {without.map((domain, at) => (
            <span key={domain}>
              {at > 0 && ', '}
              <Text of={domain} most={60} />
            </span>
          ))}
          : {without.length === 1 ? 'this domain hands' : 'these domains hand'} up sums only. Its calls are kept there,
          and <code>airspace describe domain</code> has the sums.
        </p>
      )}
      {isCut && (
        <p className="stale" role="status">
          There are more rows than these {items.length}, with less of what they are ordered by
          {asked.sort === 'p99' && ' (for p99: with less time in all)'}. The total has them; for whoever sees a part of
          the tenant it may have less than all.
        </p>
      )}
      <p className="told">
        <span className="num">{stamp(fromMs)}</span> to <span className="num">{stamp(toMs)}</span>, counted in steps of{' '}
        {step === 'hour' ? 'an' : 'a'} {step}
        {step === 'day' && ' in UTC'} · {MEANINGS[asked.by]}
      </p>
    </>
  );
};

const MEANINGS: Readonly<Record<Asked['by'], string>> = {
  caller: 'by who called: what their calls used, and the time of what they called in it',
  target: 'by who was called: what callers waited for. Waiting is time in which no try was under way',
  operation: 'by what was called',
};

/** Compare: two requests call by call, what is in one only, and what differs where both did the same. */
import { type JSX, useMemo } from 'react';
import { useComparison } from '../api/compare.ts';
import { useLive, useRequests } from '../api/use-live.ts';
import { useKeys } from '../frame/keys.ts';
import { useGo, useParam, useRange } from '../frame/params.ts';
import { Copy } from '../parts/copy.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import '../style/compare.css';
import { Choose } from './choose.tsx';
import { Beside } from './rows.tsx';
import { Totals } from './totals.tsx';

/** What is in an address may be anything, and becomes part of a path. */
const ID = /^[0-9a-f]{8,32}$/;

export const CompareScreen = (): JSX.Element => {
  const go = useGo();
  const { range } = useRange();
  const { rows } = useRequests(range.ms);
  const [askedA, setA] = useParam('a');
  const [askedB, setB] = useParam('b');
  const [a, b] = [askedA, askedB].map((id) => (ID.test(id) ? id : '')) as [string, string];
  const [selected, select] = useParam('row');
  const [only, setOnly] = useParam('only');
  const { data, error, refetch } = useComparison(a, b, useNews(a, b));
  useKeys({
    Escape: () => (selected === '' ? go(a === '' ? '/requests' : `/requests/${a}`) : select('')),
    d: () => setOnly(only === '' ? 'differences' : ''),
    x: () => swap(),
  });
  const swap = (): void => go(`/compare?a=${b}&b=${a}`);
  const isBoth = a !== '' && b !== '';
  return (
    <section className="panel whole" aria-label="Compare two requests">
      <header>
        <h2>Compare</h2>
        <span className="faint">two requests, call by call</span>
        <span className="grow" />
        {isBoth && (
          <>
            <button
              type="button"
              className="plain"
              aria-pressed={only !== ''}
              onClick={() => setOnly(only === '' ? 'differences' : '')}
            >
              {only === '' ? 'Only what differs' : 'All calls'} <kbd>d</kbd>
            </button>
            <button type="button" className="plain" onClick={swap}>
              Swap <kbd>x</kbd>
            </button>
            <Copy text={`airspace trace diff ${a.slice(0, 8)} ${b.slice(0, 8)}`} label="CLI" />
          </>
        )}
      </header>
      {!isBoth ? (
        <Choose
          rows={rows}
          a={a}
          b={b}
          onChoose={(id) => (a === '' ? setA(id) : setB(id))}
          onForget={() => (a === '' ? setB('') : setA(''))}
        />
      ) : data === undefined ? (
        error === null ? (
          <Loading rows={12} />
        ) : (
          <Failed thrown={error} onRetry={() => void refetch()} />
        )
      ) : (
        <>
          <Totals comparison={data} onForget={(side) => (side === 'a' ? setA('') : setB(''))} />
          <Beside comparison={data} isOnlyDifferent={only !== ''} selected={selected} onSelect={select} />
        </>
      )}
    </section>
  );
};

/** Counts what the stream has told of the two, so that they are asked for again when there is more. */
const useNews = (a: string, b: string): number => {
  const { events } = useLive();
  return useMemo(() => {
    const isOf = (id: string, text: string): boolean => id !== '' && text.startsWith(id);
    return events.filter(({ trace, callId }) => [trace, callId].some((text) => isOf(a, text) || isOf(b, text))).length;
  }, [events, a, b]);
};

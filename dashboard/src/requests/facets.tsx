/** What there is in the list, counted: one press finds it. */
import { type JSX, useMemo } from 'react';
import { toggled } from '../model/filter.ts';
import type { RequestRow } from '../model/requests.ts';
import { Text } from '../parts/text.tsx';

interface FacetsProps {
  readonly rows: readonly RequestRow[];
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
}

/** Names as they are typed in a filter, and where a row has them. */
const FACETS: readonly {
  readonly title: string;
  readonly name: string;
  readonly of: (row: RequestRow) => readonly string[];
}[] = [
  { title: 'Status', name: 'status', of: ({ status }) => [status] },
  { title: 'Called', name: 'target', of: ({ called }) => called },
  { title: 'Caller', name: 'caller', of: ({ caller }) => [caller] },
  { title: 'Domain', name: 'domain', of: ({ domains }) => domains },
  { title: 'Denied by rule', name: 'rule', of: ({ rules }) => rules },
];
/** The most frequent ones; the rest is found by typing. */
const MOST = 8;

export const Facets = ({ rows, filter, onFilter }: FacetsProps): JSX.Element => {
  const counted = useMemo(() => FACETS.map((facet) => ({ ...facet, values: countsOf(rows, facet.of) })), [rows]);
  const chosen = new Set(filter.split(/\s+/));
  return (
    <aside className="facets" aria-label="What is in the list">
      {counted.map(
        ({ title, name, values }) =>
          values.length > 0 && (
            <section key={name}>
              <h2 className="label">{title}</h2>
              {values.map(([value, count]) => {
                const condition = `${name}:${value.toLowerCase()}`;
                return (
                  <button
                    type="button"
                    key={value}
                    aria-pressed={chosen.has(condition)}
                    // What has a space in it cannot be typed as one condition.
                    disabled={/\s/.test(value)}
                    onClick={() => onFilter(toggled(filter, condition))}
                  >
                    <Text of={value} most={60} />
                    <span className="num">{count}</span>
                  </button>
                );
              })}
            </section>
          ),
      )}
    </aside>
  );
};

const countsOf = (
  rows: readonly RequestRow[],
  of: (row: RequestRow) => readonly string[],
): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>();
  for (const row of rows) for (const value of of(row)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST);
};

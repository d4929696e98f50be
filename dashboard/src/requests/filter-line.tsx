/** Where filters are typed, and the ones that are wanted every day. */
import type { JSX } from 'react';
import { PRESETS } from '../model/filter.ts';
import { Search } from '../parts/search.tsx';

interface FilterLineProps {
  readonly value: string;
  /** What of it nobody understands; empty: nothing. */
  readonly problem: string;
  readonly onChange: (value: string) => void;
}

export const FilterLine = ({ value, problem, onChange }: FilterLineProps): JSX.Element => (
  <span className="filter-line">
    {problem !== '' && (
      <span className="bad" role="status" id="filter-problem">
        {problem}
      </span>
    )}
    <Search
      label="Filter requests"
      hint="status:held agent:refunds cost>0.05"
      value={value}
      problemId={problem === '' ? undefined : 'filter-problem'}
      onChange={onChange}
    />
  </span>
);

interface PresetsProps {
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
}

export const Presets = ({ filter, onFilter }: PresetsProps): JSX.Element => (
  <div className="presets">
    {PRESETS.map(({ name, filter: preset }) => (
      <button
        type="button"
        key={name}
        className={filter === preset ? 'on' : ''}
        aria-pressed={filter === preset}
        onClick={() => onFilter(preset)}
      >
        {name}
      </button>
    ))}
  </div>
);

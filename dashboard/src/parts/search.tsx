/** Where a list is filtered by what somebody types; `/` leads there. */
import type { JSX } from 'react';
import { Icon } from './icon.tsx';

interface SearchProps {
  /** For whoever does not see the picture of it. */
  readonly label: string;
  /** What could be typed. */
  readonly hint: string;
  readonly value: string;
  /** Id of what says that nobody understands it; absent: it is understood. */
  readonly problemId?: string | undefined;
  readonly onChange: (value: string) => void;
}

export const Search = ({ label, hint, value, problemId, onChange }: SearchProps): JSX.Element => (
  <label className="filter">
    <Icon name="search" size={12} />
    <input
      data-filter
      aria-label={label}
      aria-describedby={problemId}
      aria-invalid={problemId !== undefined}
      placeholder={hint}
      spellCheck={false}
      value={value}
      onChange={({ target }) => onChange(target.value)}
      onKeyDown={({ key, currentTarget }) => (key === 'Escape' || key === 'Enter') && currentTarget.blur()}
    />
    <kbd>/</kbd>
  </label>
);

/** What is looked for in the audit: each field is in the address once it is said. */
import { type JSX, useEffect, useState } from 'react';
import { isFiltering, NO_FILTER, type TrailFilter } from '../model/trail.ts';

interface FiltersProps {
  readonly filter: TrailFilter;
  /** What of it nobody understands; empty: nothing. */
  readonly problem: string;
  /** Why nothing can be looked for; empty: it can. */
  readonly obstacle: string;
  readonly onFilter: (filter: TrailFilter) => void;
}

const FIELDS: readonly { readonly name: keyof TrailFilter; readonly label: string; readonly hint: string }[] = [
  { name: 'actor', label: 'Who', hint: 'user/ada' },
  { name: 'kind', label: 'Action', hint: 'policy.*' },
  { name: 'object', label: 'What', hint: 'agent/refunds/*' },
  { name: 'call', label: 'Request', hint: '32 hex digits' },
  { name: 'from', label: 'From', hint: '2026-11-27 08:00' },
  { name: 'to', label: 'To', hint: '2026-11-27 09:00' },
];

/** What people look for every day, as they would type it. */
const PRESETS: readonly { readonly name: string; readonly kind: string }[] = [
  { name: 'All', kind: '' },
  { name: 'Configuration', kind: 'config.*' },
  { name: 'Policy', kind: 'policy.*' },
  { name: 'Approvals', kind: 'approval.*' },
  { name: 'Orders to stop', kind: 'kill.*' },
  { name: 'Refused calls', kind: 'call.refused' },
  { name: 'Nodes', kind: 'node.*' },
];

export const Filters = ({ filter, problem, obstacle, onFilter }: FiltersProps): JSX.Element => (
  <form className="trail-filter" aria-label="Filter the audit" onSubmit={(event) => event.preventDefault()}>
    <div className="presets">
      {PRESETS.map(({ name, kind }) => {
        const isOn = kind === '' ? !isFiltering(filter) : filter.kind === kind;
        return (
          <button
            type="button"
            key={name}
            className={isOn ? 'on' : ''}
            aria-pressed={isOn}
            disabled={obstacle !== ''}
            onClick={() => onFilter(kind === '' ? NO_FILTER : { ...filter, kind })}
          >
            {name}
          </button>
        );
      })}
    </div>
    <div className="fields">
      {FIELDS.map(({ name, label, hint }, at) => (
        <Field
          key={name}
          isFirst={at === 0}
          label={label}
          hint={hint}
          value={filter[name]}
          isDisabled={obstacle !== ''}
          onSay={(value) => onFilter({ ...filter, [name]: value })}
        />
      ))}
    </div>
    {(problem !== '' || obstacle !== '') && (
      <p className={obstacle === '' ? 'bad' : 'faint'} role="status">
        {obstacle === '' ? problem : obstacle}
      </p>
    )}
  </form>
);

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly isFirst: boolean;
  readonly isDisabled: boolean;
  readonly onSay: (value: string) => void;
}

/** Said when somebody is done typing, so that the chain is not searched at each letter. */
const Field = ({ label, hint, value, isFirst, isDisabled, onSay }: FieldProps): JSX.Element => {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const say = (): void => {
    if (typed.trim() !== value) onSay(typed.trim());
  };
  return (
    <label>
      <span>{label}</span>
      <input
        {...(isFirst ? { 'data-filter': '' } : {})}
        value={typed}
        placeholder={hint}
        disabled={isDisabled}
        spellCheck={false}
        maxLength={300}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={say}
        onKeyDown={({ key, currentTarget }) => (key === 'Enter' || key === 'Escape') && currentTarget.blur()}
      />
    </label>
  );
};

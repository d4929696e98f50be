/** Two texts of one policy side by side, each chosen from what there is: versions, releases, what is active, and the draft. */
import { type JSX, lazy, Suspense } from 'react';
import { useParam } from '../frame/params.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { digits } from './commands.ts';
import { isChanged, type PolicyText } from './draft.ts';
import type { Side } from './editor/diff.tsx';
import { useTexts, useVersions } from './queries.ts';

const Diff = lazy(() => import('./editor/diff.tsx'));

/** What may stand on a side, by how the address names it. */
interface Choice {
  readonly id: string;
  readonly label: string;
}

export const Difference = ({ bench }: { readonly bench: Bench }): JSX.Element => {
  const { drafting, active, subject, entry } = bench;
  const isDraft = isChanged(drafting.draft, active);
  const [from, setFrom] = useParam('from', 'active');
  const proposed = subject.kind === 'release' ? digits(subject.release.id).slice(0, 16) : isDraft ? 'draft' : 'active';
  const [to, setTo] = useParam('to', proposed);
  const [all, setAll] = useParam('all');
  const choices = useChoices(bench);
  const [before, after] = [useSide(bench, from), useSide(bench, to)];
  const failure = before.error ?? after.error;
  return (
    <>
      <div className="parts">
        <Choose label="Before" value={from} choices={choices} onChange={setFrom} />
        <span className="faint">→</span>
        <Choose label="After" value={to} choices={choices} onChange={setTo} />
        <span className="grow" />
        <button type="button" className="plain" aria-pressed={all !== ''} onClick={() => setAll(all === '' ? '1' : '')}>
          {all === '' ? 'All lines' : 'Changes only'}
        </button>
      </div>
      {failure !== null ? (
        <Failed thrown={failure} />
      ) : before.side === undefined || after.side === undefined ? (
        <Loading rows={14} />
      ) : before.side.text === after.side.text ? (
        <Empty title="No difference">
          <Text of={`${before.side.label} and ${after.side.label} of ${entry.name} say the same.`} />
        </Empty>
      ) : (
        <Suspense fallback={<Loading rows={14} />}>
          <Diff before={before.side} after={after.side} language="cedar" isWhole={all !== ''} />
        </Suspense>
      )}
    </>
  );
};

const useChoices = ({ entry, releases, drafting, active }: Bench): readonly Choice[] => {
  const versions = useVersions(entry.name, active.version).data?.items ?? [];
  return [
    { id: 'active', label: `active, v${active.version}` },
    ...(isChanged(drafting.draft, active) ? [{ id: 'draft', label: 'draft' }] : []),
    ...releases.map(({ id, state }) => ({ id: digits(id), label: `release ${digits(id).slice(0, 8)}, ${state}` })),
    ...versions.map(({ version }) => ({ id: `v${version}`, label: `v${version}` })),
  ];
};

interface ChooseProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChange: (id: string) => void;
}

const Choose = ({ label, value, choices, onChange }: ChooseProps): JSX.Element => (
  <select aria-label={label} value={value} onChange={({ target }) => onChange(target.value)}>
    {!choices.some(({ id }) => id === value) && <option value={value}>{value.slice(0, 40)}</option>}
    {choices.map(({ id, label: words }) => (
      <option key={id} value={id}>
        {words}
      </option>
    ))}
  </select>
);

interface Found {
  readonly side: Side | undefined;
  readonly error: unknown;
}

/** Limits stand below the rules, as one text: a change of either is seen. */
const whole = ({ policies, limits }: PolicyText): string =>
  limits === null || limits === '' ? policies : `${policies}\n// limits\n\n${limits}`;

const useSide = ({ entry, active, drafting }: Bench, id: string): Found => {
  const versions = useVersions(entry.name, active.version);
  const hex = /^[0-9a-f]{8,32}$/.test(id) ? id : '';
  const texts = useTexts(hex);
  if (id === 'active') return found(`active, v${active.version}`, active);
  if (id === 'draft') return found('draft', drafting.draft ?? active);
  if (hex !== '') {
    const text = texts.data?.items.find(({ name }) => name === entry.name);
    if (texts.data !== undefined && text === undefined) return found(`release ${id.slice(0, 8)}`, NOTHING);
    return { side: text && { label: `release ${id.slice(0, 8)}`, text: whole(text) }, error: texts.error };
  }
  const version = versions.data?.items.find((one) => `v${one.version}` === id);
  if (versions.data !== undefined && version === undefined)
    return { side: undefined, error: new Error(`there is no \`${id.slice(0, 40)}\` of ${entry.name} here`) };
  return { side: version && { label: id, text: whole(version) }, error: versions.error };
};

/** A release without the bundle takes it away. */
const NOTHING: PolicyText = { policies: '', limits: null };

const found = (label: string, text: PolicyText): Found => ({ side: { label, text: whole(text) }, error: null });

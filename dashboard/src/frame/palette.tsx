/** The palette: screens, things and what one may do, found by typing. Loaded when it is first asked for. */
import { Autocomplete } from '@base-ui/react/autocomplete';
import { type JSX, useEffect, useMemo, useRef, useState } from 'react';
import { foundIn } from '../model/palette.ts';
import { Text } from '../parts/text.tsx';
import '../style/palette.css';
import { type Entry, useEntries } from './palette-entries.ts';

interface PaletteProps {
  readonly onClose: () => void;
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

const MOST = 40;

const Palette = ({ onClose, onTheme, onHelp }: PaletteProps): JSX.Element => {
  const ref = useRef<HTMLDialogElement>(null);
  const [asked, setAsked] = useState('');
  const entries = useEntries(asked, { onTheme, onHelp });
  const found = useMemo(() => foundIn(entries, asked, MOST), [entries, asked]);
  useEffect(() => ref.current?.showModal(), []);
  const run = ({ run: act }: Entry): void => {
    // Closed first, so that what it does finds the page as it was.
    ref.current?.close();
    act();
  };
  return (
    <dialog ref={ref} className="palette" aria-label="Find or do" onClose={onClose}>
      <Autocomplete.Root
        {...{ open: true, inline: true, mode: 'none', keepHighlight: true }}
        autoHighlight="always"
        items={found}
        value={asked}
        onValueChange={(value, { reason }) => reason !== 'item-press' && setAsked(value)}
        itemToStringValue={({ id }: Entry) => id}
      >
        <Autocomplete.Input
          autoFocus
          aria-label="Find a screen, a thing or something to do"
          placeholder="Find or do: refunds, 7f3ac91e, roll back …"
        />
        <Autocomplete.Empty className="faint nothing">
          Nothing that you may see or do is called that.
        </Autocomplete.Empty>
        <Autocomplete.List className="found">
          {(entry: Entry) => (
            <Autocomplete.Item key={entry.id} value={entry} className="entry" onClick={() => run(entry)}>
              <span className="kind-word">{entry.kind}</span>
              <span className="label">
                <Text of={entry.label} most={120} />
              </span>
              <span className="hint">
                <Text of={entry.hint} most={80} />
              </span>
              {entry.keys !== undefined && <kbd>{entry.keys}</kbd>}
            </Autocomplete.Item>
          )}
        </Autocomplete.List>
      </Autocomplete.Root>
    </dialog>
  );
};

export default Palette;

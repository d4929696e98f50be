/** Where the palette is opened: by its place in the bar, or by ⌘K or Ctrl-K wherever one is, also while typing. */
import { type JSX, lazy, Suspense, useEffect, useState } from 'react';
import { Icon } from '../parts/icon.tsx';

const load = () => import('./palette.tsx');
const Palette = lazy(load);

interface FinderProps {
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

const isApple = /Mac|iP(hone|ad)/.test(navigator.userAgent);

export const Finder = ({ onTheme, onHelp }: FinderProps): JSX.Element => {
  const [isOpen, setOpen] = useState(false);
  // Once nothing else is to be done, so that the first letters after its key are not lost.
  useEffect(() => {
    const idle = requestIdleCallback(() => void load());
    return () => cancelIdleCallback(idle);
  }, []);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey)
        return;
      // Another question is open, and it is answered first.
      if (document.querySelector('dialog[open]:not(.palette)') !== null) return;
      event.preventDefault();
      event.stopPropagation();
      setOpen((before) => !before);
    };
    // Before an editor takes it for itself.
    addEventListener('keydown', press, { capture: true });
    return () => removeEventListener('keydown', press, { capture: true });
  }, []);
  return (
    <>
      <button type="button" className="finder" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="search" size={12} />
        <span>Find or do</span>
        <kbd>{isApple ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      {isOpen && (
        <Suspense>
          <Palette onClose={() => setOpen(false)} onTheme={onTheme} onHelp={onHelp} />
        </Suspense>
      )}
    </>
  );
};

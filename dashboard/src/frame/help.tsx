/** The keys, for whoever presses `?`. */
import { type JSX, useEffect, useRef } from 'react';
import { SCREENS } from './screens.ts';

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['⌘K', 'find or do'],
  ['/', 'filter'],
  ['j k', 'down, up'],
  ['Enter', 'open'],
  ['Esc', 'close'],
  ['← →', 'fold, unfold'],
  ['y n', 'approve, deny'],
  ['e d h', 'edit, diff, history'],
  ['c', 'compare a request: once on each'],
  ['p', 'hold still, go on'],
  ['t', 'dark, light'],
  ['?', 'these keys'],
  ...SCREENS.map(({ key, name }) => [`g ${key}`, name] as const),
];

export const Help = ({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }): JSX.Element => {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) ref.current?.showModal();
    else ref.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={ref} className="help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="plain" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
};

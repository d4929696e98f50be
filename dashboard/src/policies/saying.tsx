/** The last word before something is done: a reason, what it will do, the command that does the same, and Enter or Escape. */
import { type FormEvent, type JSX, useEffect, useRef, useState } from 'react';
import { Copy } from '../parts/copy.tsx';
import { Wrong } from './wrong.tsx';

interface SayingProps {
  readonly label: string;
  readonly button: string;
  /** What it will do. */
  readonly after: string;
  readonly isDangerous?: boolean;
  /** Without a reason nothing happens. */
  readonly isOwed?: boolean;
  readonly command: (reason: string) => string;
  readonly run: { readonly isPending: boolean; readonly error: Error | null };
  readonly onSay: (reason: string) => void;
  readonly onCancel: () => void;
}

const LONGEST = 1_000;

export const Saying = (props: SayingProps): JSX.Element => {
  const { label, button, after, isDangerous = false, isOwed = false, command, run, onSay, onCancel } = props;
  const [reason, setReason] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const home = field.current?.closest<HTMLElement>('section');
    field.current?.focus();
    // Whoever works by keys goes on where they were, and not at the top of the page.
    return () => home?.focus();
  }, []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!run.isPending && !(isOwed && reason.trim() === '')) onSay(reason);
  };
  return (
    <form className="saying" onSubmit={submit} onKeyDown={({ key }) => key === 'Escape' && onCancel()}>
      <label>
        {label}
        <input
          ref={field}
          maxLength={LONGEST}
          required={isOwed}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </label>
      <p className="faint">{after}</p>
      <Wrong error={run.error} />
      <div className="choices">
        <button type="submit" className={`plain ${isDangerous ? 'no' : 'yes'}`} disabled={run.isPending}>
          {button} <kbd>Enter</kbd>
        </button>
        <button type="button" className="plain" onClick={onCancel}>
          Not yet <kbd>Esc</kbd>
        </button>
        <span className="grow" />
        <Copy text={command(reason)} label="CLI" />
      </div>
    </form>
  );
};

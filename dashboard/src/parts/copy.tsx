/** Something to take along, such as the command that does the same: pressed, it is on the clipboard. */
import { type JSX, useState } from 'react';
import { cut, plain } from '../model/visible.ts';
import { Icon } from './icon.tsx';

interface CopyProps {
  readonly text: string;
  /** Instead of the text itself. */
  readonly label?: string;
}

export const Copy = ({ text, label }: CopyProps): JSX.Element => {
  const [said, setSaid] = useState('');
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(
      () => setSaid('copied'),
      () => setSaid('this browser does not let us; select the text instead'),
    );
  };
  return (
    <button type="button" className="copy" onClick={copy} title={`copy: ${plain(cut(text))}`}>
      <Icon name="copy" size={12} />
      {label ?? <code>{plain(text)}</code>}
      <span role="status">{said}</span>
    </button>
  );
};

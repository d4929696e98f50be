/** Text that a stranger wrote: shown as it is, cut, and unable to turn what stands beside it. */
import type { JSX } from 'react';
import { cut, MOST_SHOWN, runsOf } from '../model/visible.ts';

interface TextProps {
  readonly of: string;
  /** Characters; default: what a row can hold. */
  readonly most?: number;
  /** Unseen characters that stay, such as line breaks. */
  readonly keep?: string;
}

export const Text = ({ of, most = MOST_SHOWN, keep = '' }: TextProps): JSX.Element => {
  const runs = runsOf(cut(of, most), keep);
  return (
    <bdi>
      {runs.map(({ text, isNumber }, at) =>
        isNumber ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a run has nothing but its place
          <span className="unseen" key={at}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </bdi>
  );
};

/** The heads of a table: columns of words, then columns of numbers, then what words come after them. */
import type { JSX } from 'react';

interface HeadsProps {
  readonly of: readonly string[];
  readonly numbers?: readonly string[];
  readonly then?: readonly string[];
}

export const Heads = ({ of, numbers = [], then = [] }: HeadsProps): JSX.Element => (
  <thead>
    <tr>
      {of.map((word) => (
        <th scope="col" key={word}>
          {word}
        </th>
      ))}
      {numbers.map((word) => (
        <th scope="col" className="right" key={word}>
          {word}
        </th>
      ))}
      {then.map((word) => (
        <th scope="col" key={word}>
          {word}
        </th>
      ))}
    </tr>
  </thead>
);

/** How something stands: a shape, a word, and a colour that says the same. */
import type { JSX } from 'react';
import { Text } from './text.tsx';

const SHAPES = { ok: '●', warn: '▲', bad: '■', none: '○' } as const;

interface StandingProps {
  readonly mood: keyof typeof SHAPES;
  readonly word: string;
}

export const Standing = ({ mood, word }: StandingProps): JSX.Element => (
  <span className={`standing ${mood}`}>
    <i aria-hidden="true">{SHAPES[mood]}</i> <Text of={word} most={40} />
  </span>
);

/** Small things in the picture: a name that fits its box, and a state as a shape. */
import type { JSX } from 'react';
import type { Health } from '../model/health.ts';
import { cut, plain } from '../model/visible.ts';

const LETTER_PX = 6.4;

interface LabelProps {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly room: number;
  readonly className?: string;
}

/** Text of strangers in a picture: by its numbers where nobody would see it, and no longer than its box. */
export const Label = ({ text, x, y, room, className = 'name' }: LabelProps): JSX.Element => {
  const shown = plain(cut(text));
  const most = Math.max(3, Math.floor(room / LETTER_PX));
  return (
    <text className={className} x={x} y={y}>
      {shown.length > most ? `${shown.slice(0, most - 1)}…` : shown}
    </text>
  );
};

interface GlyphProps {
  readonly state: Health['state'];
  readonly x: number;
  readonly y: number;
}

export const Glyph = ({ state, x, y }: GlyphProps): JSX.Element =>
  state === 'warn' ? (
    <path className="glyph warn" d={`M${x} ${y - 3.6}l3.7 6.6h-7.4z`} />
  ) : state === 'bad' ? (
    <rect className="glyph bad" x={x - 3} y={y - 3} width="6" height="6" rx="1" />
  ) : (
    <circle className={`glyph ${state}`} cx={x} cy={y} r="2.6" />
  );

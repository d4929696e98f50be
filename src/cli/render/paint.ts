/** Colour, decided once: only on status words, and never alone, so that nothing is lost without it. */
import { styleText } from 'node:util';
import type { CallStatus } from '../../contract/index.ts';

export type Style = 'green' | 'red' | 'yellow' | 'magenta' | 'gray' | 'bold';
export type Paint = (style: Style | undefined, text: string) => string;

export const plain: Paint = (_, text) => text;

export const colours: Paint = (style, text) =>
  style === undefined ? text : styleText(style, text, { validateStream: false });

export interface ColourWish {
  readonly flag: 'auto' | 'always' | 'never';
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}

/** `--color` > NO_COLOR > FORCE_COLOR > TERM=dumb > is it a terminal. */
export const usesColour = ({ flag, env, isTTY }: ColourWish): boolean => {
  if (flag !== 'auto') return flag === 'always';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY && env['TERM'] !== 'dumb';
};

const STATUS_STYLES: Readonly<Record<CallStatus, Style>> = {
  ok: 'green',
  failed: 'red',
  denied: 'red',
  refused: 'yellow',
  unknown: 'magenta',
  cancelled: 'gray',
};

/** Also for the words of steps, which are the same or near them. */
export const styleOf = (word: string): Style | undefined => {
  if (word === 'allow' || word === 'completed') return 'green';
  if (word === 'firing') return 'red';
  if (word === 'pending') return 'yellow';
  if (word === 'deny' || word === 'silent' || word === 'open') return 'red';
  if (word === 'require_approval' || word === 'draining' || word === 'starting') return 'yellow';
  if (word === 'escalated') return 'yellow';
  if (word === 'abandoned') return 'gray';
  return Object.hasOwn(STATUS_STYLES, word) ? STATUS_STYLES[word as CallStatus] : undefined;
};

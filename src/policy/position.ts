/** Where in a policy text something is: Cedar counts bytes, people count lines and columns. */
import { Buffer } from 'node:buffer';
import type { TextPosition, TextRange } from '../contract/index.ts';

export interface Source {
  readonly text: string;
  /** File, or what else the author knows the text by. */
  readonly name: string;
}

/** Index into the string of an offset in its UTF-8. */
export const indexOfByte = (text: string, byte: number): number =>
  byte === 0 ? 0 : Buffer.from(text).toString('utf8', 0, byte).length;

/** `name:line:column`, both from 1, of an index into the string. */
export const atIndex = ({ text, name }: Source, index: number): string => {
  const lines = text.slice(0, index).split('\n');
  return `${name}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
};

/** For editors, see `TextRange`. */
export const rangeIn = (text: string, { start, end }: { readonly start: number; readonly end: number }): TextRange => ({
  start: positionIn(text, start),
  end: positionIn(text, end),
});

const positionIn = (text: string, index: number): TextPosition => {
  const lines = text.slice(0, index).split(/\r\n|\n|\r/);
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
};

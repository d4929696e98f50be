/** Where in a policy text something is: Cedar counts bytes, people count lines and columns. */
import { Buffer } from 'node:buffer';

export interface Source {
  readonly text: string;
  /** File, or what else the author knows the text by. */
  readonly name: string;
}

/** `name:line:column`, both from 1, of a byte offset in UTF-8. */
export const atByte = (source: Source, byte: number): string => atIndex(source, indexOfByte(source.text, byte));

/** Index into the string of an offset in its UTF-8. */
export const indexOfByte = (text: string, byte: number): number =>
  byte === 0 ? 0 : Buffer.from(text).toString('utf8', 0, byte).length;

/** The same of an index into the string. */
export const atIndex = ({ text, name }: Source, index: number): string => {
  const lines = text.slice(0, index).split('\n');
  return `${name}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
};

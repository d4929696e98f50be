/** Text from agents, tools, models and files, made harmless for a terminal: what is shown must not move the cursor or lie about order. */
import { stripVTControlCharacters } from 'node:util';

/** Controls, and what Unicode calls format: direction marks, zero widths, soft hyphens, invisible tags. */
const CONTROLS = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
/** The same without tab and line feed. */
const CONTROLS_IN_TEXT = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Nobody reads more of one name or message, and a screen full of it would hide the rest. */
const MOST = 1_000;

/**
 * One line of at most `most` characters. Escape sequences go whole; other control and direction characters, and those that
 * nobody sees, become a visible mark.
 */
export const clean = (text: string, most: number = MOST): string => {
  // What is cut away needs no cleaning; what was cut open is a control like any other.
  const line = stripVTControlCharacters(text.slice(0, most * 4))
    .replace(/[\t\r\n]+/g, ' ')
    .replace(CONTROLS, '�');
  return line.length <= most && text.length <= most * 4
    ? line
    : `${line.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`;
};

/** Several lines: line breaks and tabs stay. */
export const cleanText = (text: string): string =>
  stripVTControlCharacters(text).replaceAll('\r\n', '\n').replace(CONTROLS_IN_TEXT, '�');

const WIDE =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that the text takes. Expects cleaned text. */
export const widthOf = (text: string): number => {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
};

/** At most `width` columns, with `…` where something is missing. */
export const fit = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
};

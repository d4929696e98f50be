/** Text from outside, cut and without what nobody sees: it becomes names, lines on a screen, and descriptions. */

/** Controls, and what Unicode calls format: direction marks, zero widths, invisible tags. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line of at most `most` characters; empty for what is no text. */
export const lineOf = (value: unknown, most = 200): string =>
  typeof value === 'string'
    ? value
        .slice(0, most * 4)
        .replace(/\s+/g, ' ')
        .replace(UNSEEN, '�')
        .trim()
        .slice(0, most)
        .replace(/[\ud800-\udbff]$/, '')
    : '';

export const hasUnseen = (text: string): boolean => text.search(UNSEEN) >= 0;

/** A DNS label of it; undefined where nothing is left. */
export const labelOf = (text: string): string | undefined => {
  const label = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return label === '' ? undefined : label;
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a list, what is an object, and at most so many. */
export const recordsOf = (value: unknown, most: number): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.slice(0, most).filter(isRecord) : [];

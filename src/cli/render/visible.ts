/** Text of strangers for people who must judge it: nothing in it is hidden, moves the cursor, or looks like something else. */

/** Controls and formats (direction, zero widths, tags), separators, private and unassigned characters, and what is drawn as nothing. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;
/** Spaces that are none of ours. */
const SPACES = /(?! )\p{Zs}/gu;

const named = (char: string): string => `\\u{${char.codePointAt(0)!.toString(16)}}`;

/** One line: what nobody sees is written as its code. */
export const visible = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .toWellFormed()
    .replace(HIDDEN, named)
    .replace(SPACES, named);

/** A value, one line for each leaf with the path to it. */
export const leavesOf = (value: unknown, path = ''): ReadonlyMap<string, string> => {
  if (typeof value !== 'object' || value === null) return new Map([[path, leaf(value)]]);
  const entries = Object.entries(value);
  if (entries.length === 0) return new Map([[path, Array.isArray(value) ? '[]' : '{}']]);
  return new Map(
    entries.flatMap(([name, inner]) => [
      ...leavesOf(inner, Array.isArray(value) ? `${path}[${name}]` : within(path, name)),
    ]),
  );
};

const leaf = (value: unknown): string =>
  typeof value === 'string' ? `"${visible(value).replaceAll('"', '\\"')}"` : visible(JSON.stringify(value) ?? 'null');

const within = (path: string, name: string): string => {
  const shown = /^[A-Za-z0-9_$-]+$/.test(name) ? name : `"${visible(name).replaceAll('"', '\\"')}"`;
  return path === '' ? shown : `${path}.${shown}`;
};

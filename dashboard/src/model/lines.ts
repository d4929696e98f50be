/** Two texts line by line: what is gone, what is new, and a little of what stays around it. */

export interface Line {
  readonly mark: '-' | '+' | ' ' | '…';
  readonly text: string;
}

/** Longer texts are shown whole, one after the other: comparing them would keep the page. */
const MOST_LINES = 1_500;
const AROUND = 2;

export const linesOf = (before: string, after: string): readonly Line[] => {
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length > MOST_LINES || b.length > MOST_LINES) return [...marked('-', a), ...marked('+', b)];
  return trimmed(walked(a, b, commonOf(a, b)));
};

const marked = (mark: Line['mark'], texts: readonly string[]): readonly Line[] => texts.map((text) => ({ mark, text }));

/** Length of the longest common part from each place on. */
const commonOf = (a: readonly string[], b: readonly string[]): Uint16Array => {
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i] === b[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  return common;
};

const walked = (a: readonly string[], b: readonly string[], common: Uint16Array): readonly Line[] => {
  const width = b.length + 1;
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: ' ', text: a[i]! });
      i++;
      j++;
    } else if (j === b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      lines.push({ mark: '-', text: a[i++]! });
    else lines.push({ mark: '+', text: b[j++]! });
  }
  return lines;
};

const trimmed = (lines: readonly Line[]): readonly Line[] => {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ mark }) => mark !== ' '),
  );
  return lines.flatMap((line, at) => {
    if (near[at] === true) return [line];
    return at === 0 || near[at - 1] === true ? [{ mark: '…', text: '' } as const] : [];
  });
};

/** A value as lines: text as it is, everything else as JSON; of what is not there, none. */
export const textOfValue = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2);

/** What is at a path such as `spec.endpoints[0].weight`; undefined: nothing. */
export const valueAt = (whole: unknown, path: string): unknown => {
  let at = whole;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (typeof at !== 'object' || at === null) return undefined;
    const key = name ?? index!;
    if (!Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
};

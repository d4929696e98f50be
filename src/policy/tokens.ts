/** Cedar text as words, for finding the place of something: comments and what stands in strings are never taken for code. */

export interface Token {
  readonly kind: 'comment' | 'string' | 'word' | 'sign';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Nothing in it can fail once begun, so that any text takes linear time. */
const TOKENS = /(?<comment>\/\/[^\n]*)|(?<string>"(?:[^"\\]|\\.?)*"?)|(?<word>[A-Za-z_]\w*)|(?<sign>::|[^\s])/gsu;

/** All but comments, in order. */
export const tokensOf = (text: string): readonly Token[] =>
  [...text.matchAll(TOKENS)].flatMap(({ 0: found, index, groups = {} }) => {
    const kind = (['comment', 'string', 'word', 'sign'] as const).find((name) => groups[name] !== undefined) ?? 'sign';
    return kind === 'comment' ? [] : [{ kind, text: found, start: index, end: index + found.length }];
  });

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `@name("value")` */
export interface AnnotationPlace {
  readonly name: Span;
  /** Between the quotes; absent when there is no value. */
  readonly value?: Span;
}

export const annotationPlaces = (tokens: readonly Token[]): ReadonlyMap<string, AnnotationPlace> =>
  new Map(
    tokens.flatMap((at, index): [string, AnnotationPlace][] => {
      const [name, open, value] = tokens.slice(index + 1, index + 4);
      if (at.text !== '@' || name?.kind !== 'word') return [];
      return [[name.text, open?.text === '(' && value?.kind === 'string' ? { name, value: inside(value) } : { name }]];
    }),
  );

/** Without the quotes. */
const inside = ({ start, end, text }: Token): Span => ({
  start: start + 1,
  end: text.length > 1 && text.endsWith('"') ? end - 1 : end,
});

/** `Type::"id"`: the whole, and the id between its quotes. */
export interface LiteralPlace extends Span {
  readonly id: Span;
}

export const literalPlace = (tokens: readonly Token[], type: string, id: string): LiteralPlace | undefined => {
  for (const [index, token] of tokens.entries()) {
    const [colons, value] = tokens.slice(index + 1, index + 3);
    if (token.text !== type || colons?.text !== '::' || value?.kind !== 'string') continue;
    if (value.text === JSON.stringify(id) || unescaped(value.text) === id)
      return { start: token.start, end: value.end, id: inside(value) };
  }
  return undefined;
};

/** Escapes of Cedar: `\u{1f600}`, and those of one letter. */
const unescaped = (text: string): string =>
  text
    .slice(1, -1)
    .replace(/\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))/gs, (_, code: string | undefined, letter: string | undefined) =>
      code === undefined
        ? (LETTERS[letter ?? ''] ?? letter ?? '')
        : String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff)),
    );

const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** The last use of a name as an attribute, `.name` or `["name"]`, in a part of the text. */
export const attributePlace = (tokens: readonly Token[], name: string, { start, end }: Span): Span | undefined =>
  tokens
    .filter((token) => token.start >= start && token.end <= end)
    .flatMap((token) => {
      if (token.kind === 'word' && token.text === name) return [{ start: token.start, end: token.end }];
      return token.kind === 'string' && unescaped(token.text) === name ? [inside(token)] : [];
    })
    .at(-1);

/** Where the `;` belongs when the parser stumbled at `index`, because it was not there; undefined when it stumbled over something else. */
export const missingSemicolon = (tokens: readonly Token[], index: number, expected: string): number | undefined => {
  const at = tokens.findIndex(({ start }) => start >= index);
  const before = at < 0 ? tokens : tokens.slice(0, at);
  const next = at < 0 ? undefined : tokens[at];
  const last = before.at(-1);
  // Without annotations the parser has taken the effect of the next policy for a kind of condition.
  if (next?.text === '(' && isEffect(last) && /`\{`/.test(expected)) return before.at(-2)?.end;
  const begins = next === undefined || next.text === '@' || isEffect(next);
  return begins && /`;`/.test(expected) ? last?.end : undefined;
};

const isEffect = (token: Token | undefined): boolean => token?.text === 'permit' || token?.text === 'forbid';

/** The first string that says this, without its quotes. */
export const stringPlace = (tokens: readonly Token[], content: string): Span | undefined => {
  const found = tokens.find(({ kind, text }) => kind === 'string' && unescaped(text) === content);
  return found === undefined ? undefined : inside(found);
};

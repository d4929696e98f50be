/** JSON in lines, token by token: every digit and escape stays as it was sent, which parsing and writing it again would not promise. */

const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Text that is no JSON stays as it is. */
export const indented = (text: string): string => {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  return tokens
    .map((token, at) => {
      const isEmpty = /^[{[]$/.test(tokens[at - 1] ?? '');
      if (token === '{' || token === '[') {
        depth++;
        return /^[}\]]$/.test(tokens[at + 1] ?? '') ? token : `${token}${line()}`;
      }
      if (token === '}' || token === ']') {
        depth--;
        return isEmpty ? token : `${line()}${token}`;
      }
      if (token === ',') return `,${line()}`;
      return token === ':' ? ': ' : token;
    })
    .join('');
};

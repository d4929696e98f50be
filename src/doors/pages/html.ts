/** HTML that cannot be broken out of: whatever is put into a template is text, unless a template made it. */

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | null | undefined | false | readonly Part[];

/** `html\`<b>${name}</b>\``: every value is escaped, other templates and lists of them are not. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, literal, at) => text + textOf(parts[at - 1]) + literal));

const textOf = (part: Part): string => {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escaped(String(part));
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char]!);

/** Controls, format characters that turn or hide text, line separators, private use, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;
const EACH = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Text of strangers as it is: what a reader would not see, or see in another order, stands there by its number. `keep` stays. */
export const visible = (text: string, keep = ''): Html =>
  html`${[...text.matchAll(EACH)].map(([run]) =>
    UNSEEN.test(run) && !keep.includes(run)
      ? html`<span class="unseen">U+${run.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}</span>`
      : run,
  )}`;

const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** JSON on many lines, token by token: numbers and escapes stay as they were sent, which a parser would lose. */
export const indented = (json: string): string => {
  let depth = 0;
  let text = '';
  let last = '';
  for (const [token] of json.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (last === '{' || last === '[' ? !closes : closes || last === ',') text += `\n${'  '.repeat(Math.max(0, depth))}`;
    text += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth++;
    last = token;
  }
  return text;
};

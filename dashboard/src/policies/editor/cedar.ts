/** Cedar in colours. What is right the hub says; this only tells words apart. */
import { StreamLanguage, type StreamParser, type StringStream } from '@codemirror/language';

const EFFECTS = /^(permit|forbid)$/;
const WORDS = /^(when|unless|if|then|else|in|is|like|has)$/;
const ATOMS = /^(true|false)$/;
const SCOPE = /^(principal|action|resource|context)$/;

const word = (stream: StringStream, text: string): string | null => {
  if (EFFECTS.test(text) || WORDS.test(text)) return 'keyword';
  if (ATOMS.test(text)) return 'atom';
  if (SCOPE.test(text)) return 'variableName.special';
  if (stream.match(/^\s*::/, false)) return 'typeName';
  return stream.match(/^\s*\(/, false) ? 'variableName.function' : 'variableName';
};

const parser: StreamParser<unknown> = {
  name: 'cedar',
  token: (stream) => {
    if (stream.eatSpace()) return null;
    if (stream.match(/^\/\/.*/)) return 'comment';
    // A text that does not end on its line is wrong, and the rest of the document is not a text.
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return 'string';
    if (stream.match(/^@\w+/)) return 'meta';
    if (stream.match(/^-?\d+/)) return 'number';
    if (stream.match(/^[A-Za-z_]\w*/)) return word(stream, stream.current());
    if (stream.match(/^(==|!=|<=|>=|&&|\|\||[<>!+*-])/)) return 'operator';
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
};

export const cedar = StreamLanguage.define(parser);

/** Case files: as much of YAML as they are written in. */
export const yaml = StreamLanguage.define({
  name: 'yaml',
  token: (stream) => {
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return 'comment';
    if (stream.match(/^"(?:[^"\\]|\\.)*"?|^'(?:[^']|'')*'?/)) return 'string';
    if (stream.match(/^[\w.-]+(?=\s*:(\s|$))/)) return 'typeName';
    if (stream.match(/^-?\d+(\.\d+)?(?=[\s,}\]]|$)/)) return 'number';
    if (stream.match(/^(true|false|null)(?=[\s,}\]]|$)/)) return 'atom';
    if (!stream.match(/^[\w./@-]+/)) stream.next();
    return null;
  },
  languageData: { commentTokens: { line: '#' } },
});

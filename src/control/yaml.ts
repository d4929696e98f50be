/** YAML text to plain values with positions, refusing what a configuration file has no use for: it may come from a stranger. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLError,
} from 'yaml';
import { quote } from './problems.ts';

export const MAX_FILE_BYTES = 1024 * 1024;
export const MAX_DEPTH = 64;
/** Aliases multiply: what they expand to counts against this too, so ten lines cannot become ten million values. */
const MAX_VALUES = 200_000;
const MAX_ALIASES = 100;

/** One document of a file. */
export interface YamlDocument {
  readonly value: unknown;
  /** `file:line` of its first line. */
  readonly origin: string;
  /** `file:line` of a field, or of the nearest parent that exists. */
  locate(path: readonly PropertyKey[]): string;
  /** The same as indices into the text. */
  place(path: readonly PropertyKey[]): YamlPlace;
}

export interface YamlSpan {
  readonly start: number;
  readonly end: number;
}

export interface YamlPlace {
  /** The key itself; of an element of a list, and of the whole document, the value. */
  readonly key: YamlSpan;
  readonly value: YamlSpan;
  /** The value is a literal block (`|`): where its first line begins, and by how much its lines are indented. */
  readonly block?: { readonly start: number; readonly indent: number };
}

export interface YamlMistake extends YamlSpan {
  readonly text: string;
}

export interface ParsedYaml {
  readonly documents: readonly YamlDocument[];
  /** Complete sentences with file and line; one per document, since the rest is usually an echo of the first. */
  readonly problems: readonly string[];
  /** The same with the exact place in the text. */
  readonly mistakes: readonly YamlMistake[];
}

/** Never throws. Documents that have problems are left out. */
export const parseYaml = (text: string, file: string): ParsedYaml => {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    const text = `is larger than ${MAX_FILE_BYTES} bytes; split it into several files`;
    return { documents: [], problems: [`${file}: ${text}`], mistakes: [{ start: 0, end: 0, text }] };
  }
  const lines = new LineCounter();
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const documents: YamlDocument[] = [];
  const mistakes: YamlMistake[] = [];
  for (const document of parse(text, lines)) {
    try {
      throwOnError(document, text);
      const { contents } = document;
      if (contents === null || (isScalar(contents) && contents.value === null)) continue;
      documents.push({
        value: new Reader(document).read(contents),
        origin: at(contents.range?.[0] ?? 0),
        locate: (path) => at(placeOf(document, contents, path, text).key.start),
        place: (path) => placeOf(document, contents, path, text),
      });
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      mistakes.push({ ...thrown.span, text: thrown.message });
    }
  }
  return { documents, problems: mistakes.map(({ start, text }) => `${at(start)}: ${text}`), mistakes };
};

class Problem extends Error {
  readonly span: YamlSpan;

  constructor(span: YamlSpan, text: string) {
    super(text);
    this.span = span;
  }
}

const parse = (text: string, lineCounter: LineCounter): Document.Parsed[] => {
  const parsed = parseAllDocuments(text, {
    lineCounter,
    // The parser's own check is quadratic in the keys of a map; ours is one lookup.
    uniqueKeys: false,
    schema: 'core',
    version: '1.2',
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  return [...parsed];
};

const throwOnError = (document: Document.Parsed, text: string): void => {
  const [first] = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const exhausted = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  if (exhausted !== undefined) throw new Problem(spanOf(exhausted.pos), `is nested more than ${MAX_DEPTH} levels deep`);
  const [warning] = document.warnings;
  const error = first ?? warning;
  if (error !== undefined) throw new Problem(spanOf(error.pos), sentence(error, text));
};

const spanOf = ([start, end]: readonly [number, number, ...unknown[]]): YamlSpan => ({ start, end });

const sentence = (error: YAMLError, text: string): string => {
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return `the tag ${quote(/^\S*/.exec(text.slice(error.pos[0]))?.[0] ?? '')} is not allowed; write a plain value`;
  }
  if (error.code === 'TAB_AS_INDENT') return 'indented with a tab; use spaces';
  return `is not valid YAML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1).replace(/\s+/g, ' ')}`;
};

/** Turns nodes into values by hand, because every limit and every refusal needs the place where it happened. */
class Reader {
  readonly #document: Document.Parsed;
  #values = 0;
  #aliases = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  read(node: unknown, depth = 0): unknown {
    if (node === null || node === undefined) return null;
    if (depth > MAX_DEPTH) throw this.#problem(node, `is nested more than ${MAX_DEPTH} levels deep`);
    if (++this.#values > MAX_VALUES)
      throw this.#problem(node, `holds more than ${MAX_VALUES} values once its aliases are expanded`);
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (isMap(node)) return this.#readMap(node.items, depth);
    if (isScalar(node)) return this.#readScalar(node);
    throw this.#problem(node, 'is not a value that a configuration can hold');
  }

  #readAlias(node: Node, depth: number): unknown {
    if (++this.#aliases > MAX_ALIASES)
      throw this.#problem(node, `uses more than ${MAX_ALIASES} aliases; write the values out`);
    const target = isAlias(node) ? node.resolve(this.#document) : undefined;
    if (target === undefined) throw this.#problem(node, 'refers to an anchor that is not defined before it');
    return this.read(target, depth + 1);
  }

  #readMap(
    items: readonly { readonly key: unknown; readonly value: unknown }[],
    depth: number,
  ): Record<string, unknown> {
    // No prototype: a key such as `__proto__` is a key like any other and meets the schema as one.
    const map: Record<string, unknown> = Object.create(null);
    for (const { key, value } of items) {
      if (!isScalar(key) || typeof key.value !== 'string')
        throw this.#problem(key, 'has a key that is not text; put it in quotes');
      if (key.value === '<<') throw this.#problem(key, 'merge keys (`<<`) are not supported; write the fields out');
      if (key.value in map)
        throw this.#problem(key, `the key ${quote(key.value)} is given twice in one map; keep one of them`);
      map[key.value] = this.read(value, depth + 1);
    }
    return map;
  }

  #readScalar(node: { readonly value: unknown }): unknown {
    const { value } = node;
    if (typeof value === 'number' && !Number.isFinite(value)) throw this.#problem(node, 'is not a finite number');
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
    throw this.#problem(node, 'is not a value that a configuration can hold; write text, a number, true or false');
  }

  #problem(node: unknown, what: string): Problem {
    return new Problem(nodeSpan(node), what);
  }
}

const nodeSpan = (node: unknown): YamlSpan => {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number'
    ? { start: range[0], end: Number(range[1] ?? range[0]) }
    : { start: 0, end: 0 };
};

/** Walks down as far as the path exists. The last step points at the key itself, where an unknown field is misspelt. */
const placeOf = (document: Document.Parsed, root: unknown, path: readonly PropertyKey[], text: string): YamlPlace => {
  let node: unknown = root;
  let key = nodeSpan(root);
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part];
      if (item === undefined) break;
      node = item;
      key = nodeSpan(item);
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) break;
      key = nodeSpan(pair.key);
      node = pair.value;
    } else break;
  }
  const block = blockOf(node, text);
  return { key, value: node === null ? key : nodeSpan(node), ...(block === undefined ? {} : { block }) };
};

/** Only a literal block says line by line what its value is. */
const blockOf = (node: unknown, text: string): YamlPlace['block'] => {
  if (!isScalar(node) || node.type !== 'BLOCK_LITERAL') return undefined;
  const header = text.indexOf('\n', nodeSpan(node).start);
  if (header < 0) return undefined;
  const lines = text.slice(header + 1).split('\n');
  const line = lines.find((one) => one.trim() !== '') ?? '';
  const explicit = /^\|[+-]?([1-9])/.exec(text.slice(nodeSpan(node).start))?.[1];
  return explicit === undefined ? { start: header + 1, indent: /^ */.exec(line)?.[0].length ?? 0 } : undefined;
};

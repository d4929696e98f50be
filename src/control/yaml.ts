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
}

export interface ParsedYaml {
  readonly documents: readonly YamlDocument[];
  /** Complete sentences with file and line; one per document, since the rest is usually an echo of the first. */
  readonly problems: readonly string[];
}

/** Never throws. Documents that have problems are left out. */
export const parseYaml = (text: string, file: string): ParsedYaml => {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return {
      documents: [],
      problems: [`${file}: is larger than ${MAX_FILE_BYTES} bytes; split it into several files`],
    };
  }
  const lines = new LineCounter();
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const documents: YamlDocument[] = [];
  const problems: string[] = [];
  for (const document of parse(text, lines)) {
    try {
      throwOnError(document, text, at);
      const { contents } = document;
      if (contents === null || (isScalar(contents) && contents.value === null)) continue;
      documents.push({
        value: new Reader(document, at).read(contents),
        origin: at(contents.range?.[0] ?? 0),
        locate: (path) => at(offsetOf(document, contents, path)),
      });
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      problems.push(thrown.message);
    }
  }
  return { documents, problems };
};

class Problem extends Error {}

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

const throwOnError = (document: Document.Parsed, text: string, at: (offset: number) => string): void => {
  const [first] = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const exhausted = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  if (exhausted !== undefined)
    throw new Problem(`${at(exhausted.pos[0])}: is nested more than ${MAX_DEPTH} levels deep`);
  if (first !== undefined) throw new Problem(`${at(first.pos[0])}: ${sentence(first, text)}`);
  const [warning] = document.warnings;
  if (warning !== undefined) throw new Problem(`${at(warning.pos[0])}: ${sentence(warning, text)}`);
};

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
  readonly #at: (offset: number) => string;
  #values = 0;
  #aliases = 0;

  constructor(document: Document.Parsed, at: (offset: number) => string) {
    this.#document = document;
    this.#at = at;
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
    return new Problem(`${this.#at(startOf(node))}: ${what}`);
  }
}

const startOf = (node: unknown): number => {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
};

/** Walks down as far as the path exists. The last step points at the key itself, where an unknown field is misspelt. */
const offsetOf = (document: Document.Parsed, root: unknown, path: readonly PropertyKey[]): number => {
  let node: unknown = root;
  let offset = startOf(root);
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      if (node === undefined) return offset;
      offset = startOf(node);
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) return offset;
      offset = startOf(pair.key);
      node = pair.value;
    } else return offset;
  }
  return offset;
};

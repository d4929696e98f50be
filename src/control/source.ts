/** Configuration from files: what `apply -f` reads, with policy text pulled in and every resource knowing its file and line. */
import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { refuseIfAny } from './problems.ts';
import { MAX_FILE_BYTES, parseYaml, type YamlDocument } from './yaml.ts';

const MAX_FILES = 2000;
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
const MAX_FOLDER_DEPTH = 16;
const YAML_FILE = /\.ya?ml$/i;
/** Cases of `airspace policy test` stand beside the policies and are no resources. */
export const CASES_FILE = /\.cases\.ya?ml$/i;

/** Resources as found, for `ApplyRequest`. `origins` has one `file:line` for each. */
export interface Sources {
  readonly resources: readonly unknown[];
  readonly origins: readonly string[];
  /** `file:line` of a field of one resource: makes errors exact where the files are at hand. */
  readonly locate: Locate;
}

export type Locate = (index: number, path: readonly PropertyKey[]) => string;

/** One text that is no file, such as standard input: the same, without references to files. */
export const sourcesOfText = (text: string, name: string): Sources => {
  const parsed = parseYaml(text, name);
  refuseIfAny(parsed.problems);
  return sourcesOf(parsed.documents.flatMap(resourcesIn));
};

/**
 * Reads files and folders (recursively, `.yaml` and `.yml`, in name order, hidden ones skipped).
 * INVARIANT: nothing outside the given folder, or the folder of the given file, is read, by whatever link or `..`.
 * Throws one `bad_request` that lists every problem of every file.
 */
export const readSources = async (paths: readonly string[]): Promise<Sources> => {
  const reading = new Reading();
  for (const path of paths) await reading.add(path);
  refuseIfAny(reading.problems);
  return sourcesOf(reading.found);
};

interface Found {
  readonly document: YamlDocument;
  /** Where in the document; empty: it is the whole of it. */
  readonly at: readonly PropertyKey[];
  readonly value: unknown;
}

const sourcesOf = (found: readonly Found[]): Sources => ({
  resources: found.map(({ value }) => value),
  origins: found.map(({ document, at }) => (at.length === 0 ? document.origin : document.locate(at))),
  locate: (index, path) => {
    const one = found[index];
    return one === undefined ? '' : one.document.locate([...one.at, ...path]);
  },
});

/** A document is one resource, or a list as `airspace get -o yaml` prints it, in which each stands with its version. */
const resourcesIn = (document: YamlDocument): readonly Found[] => {
  const { value } = document;
  if (!isRecord(value) || !String(value['kind']).endsWith('List') || !Array.isArray(value['items']))
    return [{ document, at: [], value }];
  return value['items'].map((item: unknown, index) =>
    isRecord(item) && isRecord(item['resource'])
      ? { document, at: ['items', index, 'resource'], value: item['resource'] }
      : { document, at: ['items', index], value: item },
  );
};

/** A folder that reading may not leave. */
interface Fence {
  readonly root: string;
}

class Reading {
  readonly found: Found[] = [];
  readonly problems: string[] = [];
  #files = 0;
  #bytes = 0;

  async add(path: string): Promise<void> {
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) this.problems.push(`${path}: there is no such file or folder`);
    else if (info.isDirectory()) await this.#addFolder(path, { root: await realpath(path) }, 0);
    else await this.#addFile(path, { root: await realpath(dirname(path)) });
  }

  async #addFolder(path: string, fence: Fence, depth: number): Promise<void> {
    if (depth > MAX_FOLDER_DEPTH) {
      this.problems.push(`${path}: is more than ${MAX_FOLDER_DEPTH} folders deep`);
      return;
    }
    const entries = await readdir(path, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const child = join(path, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) await this.#addFolder(child, fence, depth + 1);
      else if (YAML_FILE.test(entry.name) && !CASES_FILE.test(entry.name)) await this.#addFile(child, fence);
    }
  }

  async #addFile(path: string, fence: Fence): Promise<void> {
    const text = await this.#read(path, fence, path);
    if (text === undefined) return;
    const parsed = parseYaml(text, path);
    this.problems.push(...parsed.problems);
    for (const one of parsed.documents.flatMap(resourcesIn)) {
      this.found.push({ ...one, value: await this.#withPolicyText(one, path, fence) });
    }
  }

  /** `policies: {file: x.cedar}` becomes `{text, source}`, and so does `limits`. Anything else is left for the schema to judge. */
  async #withPolicyText({ document, at, value }: Found, path: string, fence: Fence): Promise<unknown> {
    if (!isRecord(value) || value['kind'] !== 'PolicyBundle' || !isRecord(value['spec'])) return value;
    const spec: Record<string, unknown> = { ...value['spec'] };
    for (const field of ['policies', 'limits']) {
      const file = fileReference(spec[field]);
      if (file === undefined) continue;
      const where = document.locate([...at, 'spec', field, 'file']);
      const target = join(dirname(path), file);
      const text = isAbsolute(file) ? this.#refuse(where, file) : await this.#read(target, fence, where);
      if (text !== undefined) spec[field] = { text, source: target };
    }
    return { ...value, spec };
  }

  #refuse(where: string, file: string): undefined {
    this.problems.push(`${where}: \`${file}\` must be a path relative to this file`);
  }

  /** The text of a plain file inside the fence, or a problem at `where`. */
  async #read(path: string, fence: Fence, where: string): Promise<string | undefined> {
    const problem = (what: string): undefined => {
      this.problems.push(where === path ? `${path}: ${what}` : `${where}: \`${path}\` ${what}`);
    };
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) return problem('does not exist');
    if (!isInside(real, fence.root)) return problem('leads out of the folder that is applied');
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      () => undefined,
    );
    if (file === undefined) return problem('cannot be read');
    try {
      const info = await file.stat();
      if (!info.isFile()) return problem('is not a plain file');
      if (info.size > MAX_FILE_BYTES)
        return problem(`is larger than ${MAX_FILE_BYTES} bytes; split it into several files`);
      if (++this.#files > MAX_FILES) return problem(`is one of more than ${MAX_FILES} files; apply fewer at once`);
      this.#bytes += info.size;
      if (this.#bytes > MAX_TOTAL_BYTES)
        return problem(`brings the total above ${MAX_TOTAL_BYTES} bytes; apply less at once`);
      return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
    } catch {
      return problem('is not UTF-8 text');
    } finally {
      await file.close();
    }
  }
}

const isInside = (path: string, root: string): boolean => {
  const way = relative(root, resolve(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

const fileReference = (value: unknown): string | undefined =>
  isRecord(value) && typeof value['file'] === 'string' && Object.keys(value).length === 1 ? value['file'] : undefined;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

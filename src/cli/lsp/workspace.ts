/** The files of a folder that are about Airspace, as the editor has them: what is open there counts, and not what the disk still says. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TextFile } from '../../contract/index.ts';
import { isCedar, isYaml } from '../diagnose/read.ts';

const MAX_FILES = 2_000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FOLDER_DEPTH = 16;

/** Editors open whole repositories: YAML that says nothing of Airspace is somebody else's. */
const OURS = /apiVersion["']?\s*:\s*["']?airspace/;

export class Workspace {
  readonly root: string;
  readonly #open = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
  }

  /** The name of a document, relative to the folder; undefined for what is no file in it. */
  nameOf(uri: string): string | undefined {
    try {
      const name = relative(this.root, fileURLToPath(uri)).split(sep).join('/');
      return name === '' || name.startsWith('../') || name === '..' || /^([a-z]:|\/)/i.test(name) ? undefined : name;
    } catch {
      return undefined;
    }
  }

  uriOf(name: string): string {
    return pathToFileURL(join(this.root, name)).href;
  }

  open(name: string, text: string): void {
    this.#open.set(name, text);
  }

  close(name: string): void {
    this.#open.delete(name);
  }

  textOf(name: string): string | undefined {
    return this.#open.get(name);
  }

  async files(): Promise<readonly TextFile[]> {
    const names = new Set([...(await this.#names('', 0, [])), ...this.#open.keys()]);
    const files = await Promise.all([...names].sort().map((name) => this.#read(name)));
    return files.flat().filter(({ name, text }) => isCedar(name) || OURS.test(text));
  }

  async #read(name: string): Promise<TextFile[]> {
    const open = this.#open.get(name);
    if (open !== undefined) return isCedar(name) || isYaml(name) ? [{ name, text: open }] : [];
    const path = join(this.root, name);
    try {
      if ((await stat(path)).size > MAX_FILE_BYTES) return [];
      return [{ name, text: await readFile(path, 'utf8') }];
    } catch {
      // Gone since it was listed.
      return [];
    }
  }

  /** Links are not followed: they lead out of the folder, or in circles. */
  async #names(folder: string, depth: number, found: string[]): Promise<string[]> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || found.length >= MAX_FILES) continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < MAX_FOLDER_DEPTH) await this.#names(name, depth + 1, found);
      else if (entry.isFile() && (isYaml(name) || isCedar(name))) found.push(name);
    }
    return found;
  }
}

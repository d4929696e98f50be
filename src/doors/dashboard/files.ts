/** The built dashboard as it lies on the disk, read once: what is served is in memory, and no request names a file. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface ServedFile {
  readonly type: string;
  readonly body: Buffer;
  /** Absent: it is not worth it, or compressed already. */
  readonly gzipped?: Buffer;
}

export interface BuiltPages {
  readonly page: ServedFile;
  /** By name below `assets/`. Their names carry a digest, so what was seen once never changes. */
  readonly assets: ReadonlyMap<string, ServedFile>;
}

/** What the build makes, and nothing else: another file in the folder is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};

/** `folder`: what Vite wrote. Undefined when nothing was built there. Throws what the system says about a file that cannot be read. */
export const readPages = (folder: string): BuiltPages | undefined => {
  const page = fileIn(folder, 'index.html');
  if (page === undefined) return undefined;
  const names = readdirSync(join(folder, 'assets'));
  const assets = names.flatMap((name) => {
    const file = fileIn(join(folder, 'assets'), name);
    return file === undefined ? [] : [[name, file] as const];
  });
  return { page, assets: new Map(assets) };
};

const fileIn = (folder: string, name: string): ServedFile | undefined => {
  const type = TYPES[extname(name)];
  if (type === undefined) return undefined;
  try {
    const body = readFileSync(join(folder, name));
    return type.startsWith('font/') ? { type, body } : { type, body, gzipped: gzipSync(body, { level: 9 }) };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
};

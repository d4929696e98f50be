/** Builds the dashboard when there is none, or an older one than its sources: a second or two, once. */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'dashboard');
const dist = join(folder, 'dist');
const STAMP = '.airspace-built';

/** Of everything that the build is made from: names, contents, and the versions of what it is built with. */
const digestOfSources = (): string => {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const files = globSync(['src/**/*', '*.ts', '*.html', '*.json'], { cwd: folder, withFileTypes: true });
  const paths = files.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) hash.update(path.slice(folder.length)).update('\0').update(readFileSync(path));
  return hash.digest('hex');
};

const builtFrom = (): string => {
  try {
    return readFileSync(join(dist, STAMP), 'utf8');
  } catch {
    return '';
  }
};

/** Answers whether it had to. Throws what Vite says about sources that cannot be built; the older build stays then. */
export const buildDashboard = async (): Promise<boolean> => {
  const digest = digestOfSources();
  if (builtFrom() === digest) return false;
  const { build } = await import('vite');
  // Beside the old one, which somebody may be reading, and in its place when it is whole.
  const fresh = join(folder, `dist-${process.pid}`);
  try {
    await build({ root: folder, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, STAMP), digest);
    rmSync(dist, { recursive: true, force: true });
    put(fresh, digest);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return true;
};

/** Two that build at once build the same: the one that comes second has nothing to add. */
const put = (fresh: string, digest: string): void => {
  try {
    renameSync(fresh, dist);
  } catch (thrown) {
    if (builtFrom() !== digest) throw thrown;
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const startedMs = performance.now();
  if (await buildDashboard())
    console.log(`  dashboard built (${((performance.now() - startedMs) / 1_000).toFixed(1)} s, once)`);
}

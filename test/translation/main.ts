/** `npm run translation`: runs both matrices and prints them as the docs have them; `--write` writes them there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { featureTables } from './features.ts';
import { runMatrix } from './matrix.ts';
import { tableOf } from './table.ts';

const DOCUMENT = new URL('../../docs/translation.md', import.meta.url);
const PLACES = { pairs: tableOf((await runMatrix()).cells), words: await featureTables() };

const between = (text: string, name: string, table: string): string => {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/translation.md has no place for ${name}: ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
};

if (process.argv.includes('--write')) {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const [name, table] of Object.entries(PLACES)) text = between(text, name, table);
  writeFileSync(DOCUMENT, text);
} else for (const table of Object.values(PLACES)) process.stdout.write(`${table}\n\n`);
process.exit(0);

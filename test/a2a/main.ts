/** `npm run conformance:a2a`: the requirements against the reference agent directly, and through each kind of node in front of it. */
import { deployments } from './deployments.ts';
import { REQUIREMENTS } from './must.ts';
import { type Row, runAt } from './run-must.ts';

const results = new Map<string, readonly Row[]>();
await using where = await deployments();
for (const { name, place } of where.places) {
  const began = performance.now();
  const rows = await runAt(place, where.release);
  results.set(name, rows);
  const failed = rows.filter(({ failure }) => failure !== '');
  process.stderr.write(
    `${name}: ${rows.length - failed.length} of ${rows.length} met in ${((performance.now() - began) / 1_000).toFixed(1)} s\n`,
  );
}

const names = [...results.keys()];
const width = Math.max(...REQUIREMENTS.map(({ id }) => id.length));
process.stdout.write(`${'requirement'.padEnd(width)}  ${names.map((name) => name.padEnd(10)).join('')}\n`);
for (const { id, must } of REQUIREMENTS) {
  const cells = names.map((name) => {
    const rows = results.get(name)!.filter((row) => row.id === id);
    return `${rows.filter(({ failure }) => failure === '').length}/${rows.length}`.padEnd(10);
  });
  process.stdout.write(`${id.padEnd(width)}  ${cells.join('')}${must}\n`);
}
for (const [name, rows] of results)
  for (const { id, speaker, failure } of rows)
    if (failure !== '') process.stdout.write(`${name}  ${speaker}  ${id}: ${failure}\n`);

const failing = (name: string): ReadonlySet<string> =>
  new Set(results.get(name)!.flatMap(({ id, speaker, failure }) => (failure === '' ? [] : [`${speaker} ${id}`])));
const direct = failing('direct');
const added = names
  .slice(1)
  .flatMap((name) => [...failing(name)].filter((one) => !direct.has(one)).map((one) => `${name}: ${one}`));
process.stdout.write(
  added.length === 0
    ? 'no node fails what the agent itself meets\n'
    : `nodes fail what the agent meets: ${added.join('; ')}\n`,
);
process.exitCode = added.length === 0 ? 0 : 1;

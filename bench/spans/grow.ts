/** Makes a filled file larger than the time for filling it allows: copies of its calls under other ids, at the same times. For questions, not for figures of filling. */
import { DatabaseSync } from 'node:sqlite';
import { configure } from '../../src/stores/sqlite/pragmas.ts';

const COLUMNS = [
  'span',
  'node',
  'tenant',
  'target',
  'principal',
  'status',
  'started_at',
  'worth',
  'bytes',
  'body',
].join(', ');

/** `copies` of everything, in a file that nobody has open. Ids in columns are new; those in the text stay, and no question looks there. */
export const grow = (file: string, copies: number): void => {
  const db = new DatabaseSync(file);
  configure(db, { sync: 'normal', maxBytes: null });
  const { last } = db.prepare('select max(seq) as last from event').get() as { readonly last: number };
  const copy = db.prepare(
    `insert into event (trace, call_id, ${COLUMNS})
     select ? || substr(trace, 3), ? || substr(call_id, 3), ${COLUMNS} from event where seq > ? and seq <= ?`,
  );
  const STEP = 20_000;
  for (let at = 1; at <= copies; at++)
    for (let from = 0; from < last; from += STEP) {
      const digits = `g${at}`;
      copy.run(digits, digits, from, Math.min(last, from + STEP));
    }
  db.prepare(`update tally set value = value * ? where name in ('events', 'event bytes')`).run(copies + 1);
  db.close();
};

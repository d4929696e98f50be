/** What one turn of the event loop becomes: one transaction, in which nobody suffers for a neighbour. */
import assert from 'node:assert/strict';
import { constants, DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Session } from '../sql/index.ts';
import { runTogether, type Work } from './batch.ts';
import { SqliteSession } from './session.ts';
import { troubleOf } from './trouble.ts';

const setUp = () => {
  const db = new DatabaseSync(':memory:');
  db.exec('create table noted (word text primary key)');
  let commits = 0;
  db.setAuthorizer((action, operation) => {
    if (action === constants.SQLITE_TRANSACTION && operation === 'COMMIT') commits++;
    return constants.SQLITE_OK;
  });
  const insert = db.prepare('insert into noted values (?)');
  const note = (...words: readonly string[]): Work => ({
    args: words,
    run: (_session: Session, args: unknown) => {
      for (const word of args as readonly string[]) insert.run(word);
      return words.length;
    },
  });
  const words = () =>
    db
      .prepare('select word from noted order by word')
      .all()
      .map((row) => row['word']);
  const run = (...work: readonly Work[]) => runTogether(db, new SqliteSession(db, []), work, troubleOf);
  return { db, note, words, run, commits: () => commits };
};

test('commands of one turn share one commit', async () => {
  const { note, words, run, commits } = setUp();
  assert.deepEqual(await run(note('a'), note('b', 'c'), note()), [{ answer: 1 }, { answer: 2 }, { answer: 0 }]);
  assert.deepEqual(words(), ['a', 'b', 'c']);
  assert.equal(commits(), 1);
});

test('a command that throws is alone with it: what it had written is undone, and the rest is committed', async () => {
  const { db, note, words, run } = setUp();
  const outcomes = await run(note('a'), note('half', 'a'), note('b'));
  assert.deepEqual(outcomes[0], { answer: 1 });
  assert.ok('trouble' in outcomes[1]!);
  assert.equal(outcomes[1].trouble.errcode, 1555);
  assert.deepEqual(outcomes[2], { answer: 1 });
  assert.deepEqual(words(), ['a', 'b']);
  assert.equal(db.isTransaction, false);
});

test('a transaction that SQLite already rolled back does not confuse the batch', async () => {
  const { db, note, words, run } = setUp();
  const full: Work = {
    args: null,
    run: () => {
      db.exec('rollback');
      throw new Error('rolled back below us');
    },
  };
  const outcomes = await run(note('a'), full, note('b'));
  assert.deepEqual(
    outcomes.map((outcome) => 'answer' in outcome),
    [true, false, true],
  );
  assert.deepEqual(words(), ['a', 'b']);
});

/**
 * What the three parts of the desk share: one book of everything that was executed, in order. A conversation's database is the
 * published one with the changes of the book made again, so that the three always see the same, and a process that dies loses nothing.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Database } from '../database.ts';
import { type Desk, openDesk } from '../desk.ts';
import { isTool, tools } from '../tools.ts';

export interface Line {
  readonly seq: number;
  /** Whose ledger this line is in: the part of the desk that executed it. */
  readonly domain: string;
  readonly session: string;
  readonly call: string;
  readonly key: string;
  readonly tool: string;
  readonly args: string;
  readonly reply: string;
}

/** Nothing that stands in it can be changed: a repeated effect must show. */
const SCHEMA = `
  create table if not exists line (
    seq integer primary key autoincrement, domain text not null, session text not null, call text not null,
    key text not null, tool text not null, args text not null, reply text not null
  ) strict;
  create table if not exists fence (call text primary key) strict, without rowid;
  create trigger if not exists no_change before update on line begin select raise(abort, 'the book is only added to'); end;
  create trigger if not exists no_loss before delete on line begin select raise(abort, 'the book is only added to'); end;
`;

export class Book {
  readonly #sql: DatabaseSync;
  readonly #database: Database;

  constructor(file: string, database: Database) {
    this.#sql = new DatabaseSync(file, { timeout: 10_000 });
    this.#sql.exec('pragma journal_mode = wal');
    this.#sql.exec(SCHEMA);
    this.#database = database;
  }

  /** Runs a tool and writes it down, in one transaction. Undefined: it was said of this call that it never ran, and never will. */
  execute(line: Omit<Line, 'seq' | 'reply'>): string | undefined {
    return this.#alone(() => {
      if (this.#sql.prepare('select 1 from fence where call = ?').get(line.call) !== undefined) return undefined;
      const reply = this.deskOf(line.session).call(line.tool, JSON.parse(line.args));
      this.#sql
        .prepare('insert into line (domain, session, call, key, tool, args, reply) values (?, ?, ?, ?, ?, ?, ?)')
        .run(line.domain, line.session, line.call, line.key, line.tool, line.args, reply);
      return reply;
    });
  }

  /** Whether a call ran. A no is written down too, and holds for ever. */
  ran(call: string): boolean {
    return this.#alone(() => {
      if (this.#sql.prepare('select 1 from line where call = ?').get(call) !== undefined) return true;
      this.#sql.prepare('insert into fence (call) values (?) on conflict do nothing').run(call);
      return false;
    });
  }

  lines(session: string): readonly Line[] {
    return this.#sql
      .prepare('select * from line where session = ? order by seq')
      .all(session) as unknown as readonly Line[];
  }

  /** The desk as it is after everything that this conversation changed. */
  deskOf(session: string): Desk {
    const desk = openDesk(this.#database);
    for (const { tool, args } of this.lines(session))
      if (isTool(tool) && tools[tool].effect !== 'read') desk.call(tool, JSON.parse(args));
    return desk;
  }

  close(): void {
    this.#sql.close();
  }

  #alone<T>(work: () => T): T {
    this.#sql.exec('begin immediate');
    try {
      const result = work();
      this.#sql.exec('commit');
      return result;
    } catch (thrown) {
      this.#sql.exec('rollback');
      throw thrown;
    }
  }
}

/** What went wrong in a writer thread, before it becomes a fault: without imports, because the thread has to start fast. */

/** What went wrong, as plain data that crosses a thread. */
export interface Trouble {
  /** SQLite's extended result code; 0 when it was not SQLite. */
  readonly errcode: number;
  readonly text: string;
}

export const troubleOf = (thrown: unknown): Trouble => ({
  errcode: thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) : 0,
  text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
});

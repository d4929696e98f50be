/** One line of `airspace check`. */
export interface Verdict {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'failed';
  readonly note: string;
}

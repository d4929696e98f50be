/** How well something that is called is, from what routing knows of its endpoints: a glyph, a word, and why. */
import type { TopTarget } from '../../../src/contract/index.ts';

export interface Health {
  readonly state: 'ok' | 'warn' | 'bad' | 'none';
  readonly word: string;
}

export const healthOf = (seen: TopTarget | undefined): Health => {
  if (seen === undefined || seen.endpoints.length === 0) return { state: 'none', word: 'nobody there' };
  const { endpoints, panic } = seen;
  const open = endpoints.filter(({ breaker }) => breaker === 'open').length;
  const well = endpoints.filter(({ obstacle }) => obstacle === null).length;
  if (well === 0) return { state: 'bad', word: open > 0 ? 'breaker open' : 'none well' };
  if (open > 0) return { state: 'warn', word: `breaker open ${open} of ${endpoints.length}` };
  if (endpoints.some(({ breaker }) => breaker.startsWith('half'))) return { state: 'warn', word: 'half-open' };
  if (panic || well < endpoints.length) return { state: 'warn', word: `${well} of ${endpoints.length} well` };
  return { state: 'ok', word: 'well' };
};

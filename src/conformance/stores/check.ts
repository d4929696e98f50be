/** The form in which a promise about stores is written down. */
import type { Stores } from '../../contract/index.ts';

/** Runs one check on stores of its own. Calling `again` reopens them; where nothing lasts it answers the same stores. */
export type StoreCheck = (
  promise: string,
  check: (stores: Stores, again: () => Promise<Stores>) => Promise<void>,
) => void;

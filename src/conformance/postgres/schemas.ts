/** One server for many checks: each store that is opened new has a schema of its own, and nobody waits for another server. */
import { randomBytes } from 'node:crypto';
import type { Stores } from '../../contract/index.ts';
import type { StoreSuiteOptions } from '../stores/index.ts';

/** A name for a schema that no other store of this server has. */
export const freshSchema = (): string => `t${randomBytes(6).toString('hex')}`;

/** `openSchema` opens the stores of one schema, again and again the same ones. */
export const inSchemas = (
  openSchema: (schema: string) => Promise<Stores>,
): Required<Pick<StoreSuiteOptions, 'open' | 'reopen' | 'join'>> => {
  const schemas = new WeakMap<Stores, string>();
  const openAs = async (schema: string): Promise<Stores> => {
    const stores = await openSchema(schema);
    schemas.set(stores, schema);
    return stores;
  };
  return {
    open: () => openAs(freshSchema()),
    reopen: async (stores) => {
      await stores.close();
      return openAs(schemas.get(stores)!);
    },
    join: (stores) => openAs(schemas.get(stores)!),
  };
};

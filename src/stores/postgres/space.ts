/** How much telemetry takes on the disk of the server. What is free in it the server uses again by itself, and keeps. */
import type pg from 'pg';
import type { Disk } from '../sql/index.ts';
import type { Address } from './address.ts';
import { closed, storageFault } from './fault.ts';

/** Tables with their indexes, and what does not fit into rows. */
const SIZE = `select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'`;

export const diskOf = ({ name }: Address, schema: string, pool: pg.Pool): Disk => ({
  size: async () => {
    try {
      const { rows } = await pool.query(SIZE, [schema]);
      return { fileBytes: rows[0].bytes, freeBytes: null };
    } catch (thrown) {
      throw pool.ending ? closed(name) : storageFault(name, thrown);
    }
  },
  giveBack: async () => false,
});

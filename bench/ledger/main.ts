/**
 * `npm run bench:ledger [-- --seconds 5 --levels 4 --inflight 256]`: how many calls a second can be paid for. A pair is what one call
 * needs: one transaction that sets money aside on every level, one that books what it came to. Durable, over the store of the product.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accountId, type Begin, type End, type Reservation, type Stores } from '../../src/contract/index.ts';
import { openSqlite } from '../../src/stores/index.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    levels: { type: 'string', default: '4' },
    inflight: { type: 'string', default: '256' },
  },
});
const [seconds, levels, inflight] = [values.seconds, values.levels, values.inflight].map(Number) as [
  number,
  number,
  number,
];
if (![seconds, levels, inflight].every((number) => Number.isInteger(number) && number > 0)) {
  console.error('error: --seconds, --levels and --inflight are numbers from 1');
  process.exit(2);
}

/** One in ten calls has the account of its own session; the other levels are everybody's. */
const SESSIONS = 10;
const AMOUNT = 7;

const reservationOf = (id: string, n: number): Reservation => ({
  id,
  tenant: 'default',
  labels: { principal: 'agent/bench', target: 'model/big', tree: id },
  charges: Array.from({ length: levels }, (_, level) => {
    const holder = level === levels - 1 ? `session/${n % SESSIONS}` : '';
    const terms = { tenant: 'default', budget: `level-${level}`, holder, windowStartMs: 0 };
    const account = { ...terms, id: accountId(terms), unit: 'micros' as const, limit: 2 ** 50, windowEndMs: null };
    return { account, amount: AMOUNT };
  }),
  expiresAtMs: 2 ** 50,
});

const beginOf = (id: string, n: number): Begin => ({
  ...{ record: null, dispatch: null, grant: null, audit: [], atMs: n },
  reservation: reservationOf(id, n),
});

const endOf = (id: string, n: number): End => ({
  ...{ tenant: 'default', id, outcome: null, audit: [], atMs: n },
  amounts: { micros: AMOUNT - 2 },
});

interface Measured {
  readonly pairs: number;
  readonly ms: number;
  readonly cpuMs: number;
}

const measure = async (stores: Stores, name: string, forMs: number): Promise<Measured> => {
  let pairs = 0;
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const caller = async (first: number): Promise<void> => {
    for (let n = first; performance.now() - startMs < forMs; n += inflight) {
      const id = `${name}-${n}`;
      const begun = await stores.calls.begin(beginOf(id, n));
      if (begun.kind !== 'begun') throw new Error(`a reservation was refused: ${begun.kind}`);
      await stores.calls.end(endOf(id, n));
      pairs += 1;
    }
  };
  await Promise.all(Array.from({ length: inflight }, (_, first) => caller(first)));
  const { user, system } = process.cpuUsage(cpu);
  return { pairs, ms: performance.now() - startMs, cpuMs: (user + system) / 1_000 };
};

const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-ledger-'));
const stores = await openSqlite({ dir });
try {
  await measure(stores, 'warm', 1_000);
  const { pairs, ms, cpuMs } = await measure(stores, 'run', seconds * 1_000);
  const accounts = await stores.ledger.accounts({ tenant: 'default', budget: 'level-0' });
  console.log(`${levels} levels, ${inflight} calls at once, durable: ${Math.round((pairs * 1_000) / ms)} pairs/s`);
  console.log(
    `${pairs} pairs in ${(ms / 1_000).toFixed(1)} s, ${Math.round((cpuMs * 1_000) / pairs)} us of CPU each on both threads`,
  );
  // What was measured must also be right.
  const entries = accounts.reduce((sum, { spent, reserved }) => sum + spent + reserved, 0);
  if (entries % (AMOUNT - 2) !== 0) throw new Error(`the account holds ${entries}, which is no number of calls`);
} finally {
  await stores.close();
  rmSync(dir, { recursive: true, force: true });
}

/** The airline desk as a real agent process: `node examples/airline/agent.ts --data DIR --ledger FILE [--port 0]`. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { loadDatabase } from './database.ts';
import { Ledger } from './ledger.ts';
import { createService } from './service.ts';

const usage = 'usage: node examples/airline/agent.ts --data DIR --ledger FILE [--port PORT, default 0: any free one]';

/** How long a request that is under way may take after SIGTERM before its connection is cut. */
const graceMs = 5_000;

const options = () => {
  const {
    data,
    ledger,
    port = '0',
  } = parseArgs({
    options: { data: { type: 'string' }, ledger: { type: 'string' }, port: { type: 'string' } },
  }).values;
  if (data === undefined || ledger === undefined) throw new Error('`--data` and `--ledger` must be given');
  if (!/^\d{1,5}$/.test(port)) throw new Error(`\`${port}\` is not a port`);
  return { data, ledger, port: Number(port) };
};

const main = async (): Promise<void> => {
  const { data, ledger: file, port } = options();
  const ledger = new Ledger(file);
  const service = createService({ database: loadDatabase(data), ledger });
  service.listen(port, '127.0.0.1');
  await once(service, 'listening');
  console.log(`listening on http://127.0.0.1:${(service.address() as AddressInfo).port}`);

  const stop = (): void => {
    service.close(() => ledger.close());
    setTimeout(() => service.closeAllConnections(), graceMs).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

try {
  await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 1;
}

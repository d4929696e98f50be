/** Writes to a data directory or a database as fast as it can and says what was acknowledged, one line each, until somebody kills it. */
import { dispatch, event, hexId, killOrder, record, reply, user } from '../../src/conformance/stores/samples.ts';
import type { Stores } from '../../src/contract/index.ts';
import { openStores } from './place.ts';

const [place = '', firstId = '0'] = process.argv.slice(2);
const stores = await openStores(place);
let nextId = Number(firstId);

/** Written synchronously, so that a line that was said is never lost with the process. */
const acknowledged = (what: string, name: string | number): void => {
  process.stdout.write(`${what} ${name}\n`);
};

const live = async ({ calls }: Stores): Promise<void> => {
  for (;;) {
    const id = nextId++;
    // Some bodies are larger than a page, so that a record may be torn in the middle.
    const body = new Uint8Array(id % 7 === 0 ? 30_000 : 100).fill(id);
    await calls.accept(
      record(id, { idempotencyKey: `key-${id}`, request: { contentType: '', body, timeoutMs: 1, priority: 2 } }),
    );
    acknowledged('accepted', hexId(id));
    await calls.begin(dispatch(id, 'policy'));
    acknowledged('dispatched', hexId(id));
    await calls.conclude(hexId(id), 'done', reply({ body }), id);
    acknowledged('done', hexId(id));
  }
};

const configure = async ({ resources }: Stores): Promise<void> => {
  for (let at = 0; ; at++) {
    const puts = Array.from({ length: 5 }, (_, index) => user(`user-${index}`, `commit ${at}`));
    const { revision } = await resources.commit({ puts, deletes: [], by: 'crash', reason: `commit ${at}` }, at);
    acknowledged('revision', revision);
  }
};

const count = async ({ nodes }: Stores): Promise<void> => {
  for (;;) acknowledged('number', await nodes.next('snapshot'));
};

const trace = async ({ traces }: Stores): Promise<void> => {
  for (;;) {
    const id = nextId++;
    await traces.append([event(id), event(id, { node: 'sidecar' })]);
    acknowledged('traced', event(id).trace);
  }
};

const stop = async ({ kills }: Stores): Promise<void> => {
  for (;;) {
    const id = hexId(nextId++);
    await kills.put(killOrder(id));
    acknowledged('ordered', id);
    if (nextId % 3 !== 0) continue;
    // Said before it is asked for: from here on the order may be gone, and after the answer it must be.
    acknowledged('lifting', id);
    await kills.lift('default', id);
    acknowledged('lifted', id);
  }
};

console.log('ready');
await Promise.all([
  ...Array.from({ length: 16 }, () => live(stores)),
  configure(stores),
  count(stores),
  stop(stores),
  trace(stores),
]);

/** Writes to a data directory or a database as fast as it can and says what was acknowledged, one line each, until somebody kills it. */
import { appending, beginStep, endStep, head, intent } from '../../src/conformance/stores/run-samples.ts';
import { dispatch, event, hexId, killOrder, record, reply, user } from '../../src/conformance/stores/samples.ts';
import { Fault, type Stores } from '../../src/contract/index.ts';
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

/** Nothing, when that is what the store refused. */
const isUnderWay = (thrown: unknown): undefined => {
  if (!(thrown instanceof Fault) || thrown.code !== 'conflict') throw thrown;
};

/** One run after another, each with a step: started, intended, begun, ended, finished. */
const plan = async ({ plans, calls }: Stores): Promise<void> => {
  for (;;) {
    const [id, call] = [nextId++, nextId++];
    const began = await plans.start(head(id), [], id);
    acknowledged('started', hexId(id));
    const [run = began] = await plans.claim({ holder: hexId(id), nowMs: id, leaseMs: 1e9, limit: 1 });
    // Another one here may have taken it, and left its own to us; or a process before us was killed in the middle of its step.
    const appended = await plans.append(appending(run, [intent('find', call)])).catch(isUnderWay);
    if (appended?.kind !== 'appended') continue;
    const number = Number.parseInt(run.id, 16);
    acknowledged('intended', run.id);
    await beginStep({ calls }, number, 'find', call);
    acknowledged('begun', run.id);
    await endStep({ calls }, number, 'find', call);
    acknowledged('ended', run.id);
  }
};

console.log('ready');
await Promise.all([
  ...Array.from({ length: 16 }, () => live(stores)),
  configure(stores),
  count(stores),
  stop(stores),
  trace(stores),
  ...Array.from({ length: 4 }, () => plan(stores)),
]);

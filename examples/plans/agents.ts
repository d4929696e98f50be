/** Four small agents in one process, so that a plan over three domains has somebody to call. They keep what they did in memory only. */
import { NotExecuted, OperationError, type Operations, serveAgent } from '../../src/client/serve.ts';
import { propose } from './planner.ts';

/** The first port of four; 0 takes free ones. */
const port = Number(process.env['PORT'] ?? '4711');

/** What stands: a room that was given back is not in it any more. */
const done = new Map<string, unknown>();

const fieldOf = (input: unknown, name: string): unknown => (input as Readonly<Record<string, unknown>> | null)?.[name];

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const AGENTS: Readonly<Record<string, Operations>> = {
  flights: {
    search: (input) => ({ flights: [{ number: 'AS 12', to: fieldOf(input, 'to'), priceCents: 12_900 }] }),
    book: (input, { callId }) => {
      done.set(callId, input);
      return { booking: callId, number: fieldOf(input, 'number') };
    },
    cancel: (input) => ({ cancelled: done.delete(String(fieldOf(input, 'booking'))) }),
  },
  hotels: {
    reserve: (input, { callId }) => {
      if (fieldOf(input, 'city') === 'Atlantis') throw new OperationError(409, 'there is no hotel in Atlantis');
      done.set(callId, input);
      return { room: callId };
    },
    release: (input) => ({ released: done.delete(String(fieldOf(input, 'room'))) }),
  },
  payments: {
    /** Slow, so that there is time to kill the hub meanwhile: then nobody is left who wants it, and nothing is charged. */
    charge: async (input, { callId, signal }) => {
      await pause(Number(process.env['CHARGE_MS'] ?? '5000'), signal);
      if (signal.aborted) throw new NotExecuted('the caller is gone');
      done.set(callId, input);
      return { receipt: callId, amountCents: fieldOf(input, 'amountCents') };
    },
  },
  planner: { propose },
};

const servers = await Promise.all(
  Object.entries(AGENTS).map(async ([name, operations], at) => {
    const server = await serveAgent({ name, operations, port: port === 0 ? 0 : port + at });
    console.log(`${name} ${server.url}`);
    return server;
  }),
);
process.once('SIGTERM', () => void Promise.all(servers.map((server) => server.close({ drainMs: 0 }))));
console.log('ready');

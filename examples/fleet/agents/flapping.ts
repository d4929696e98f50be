/** An instance with bad habits: well for a while, then ill, or deaf to whoever is new, so that routing has work. */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server } from 'node:http';
import { type AddressInfo, Server as Listener, type Socket } from 'node:net';
import { NotExecuted, type Operation, type Operations } from '../../../src/client/serve.ts';

/**
 * `ill`: refuses one call, saying that it did not run, and dies in the middle of the next, so that nobody can know. Its health check fails
 * as well, so what a call finds out first is known to all a moment later.
 * `deaf`: a grey failure. It takes no new connection, as a process does that is out of file descriptors; whoever has one, such as the
 * health check, notices nothing. Only calls can tell: several at once need new connections.
 */
export const BAD_MOODS = ['deaf', 'ill'] as const;
export type BadMood = (typeof BAD_MOODS)[number];
export type Mood = 'good' | BadMood;

export interface Habit {
  readonly goodMs: number;
  readonly badMs: number;
  /** One after the other, each after a good time. */
  readonly bad: readonly BadMood[];
}

export const moodAt = (elapsedMs: number, { goodMs, badMs, bad }: Habit): Mood => {
  const round = Math.floor(elapsedMs / (goodMs + badMs));
  return elapsedMs % (goodMs + badMs) < goodMs ? 'good' : (bad[round % bad.length] ?? 'good');
};

/** Its moods begin with the first request, so that every run tells the same story however long the start takes. */
export const flapping = (operations: Operations, habit: Habit): Operations => {
  let startMs: number | undefined;
  const mood = (): Mood => moodAt(performance.now() - (startMs ?? performance.now()), habit);
  const ears = new Ears();
  const listen = (): void => {
    ears.hear(mood() !== 'deaf');
    setTimeout(listen, LOOK_MS).unref();
  };
  onRequest(({ request, socket, server }, number) => {
    ears.know(server, socket, request.url === '/healthz');
    if (startMs === undefined) {
      startMs = performance.now();
      listen();
    }
    if (mood() === 'ill' && (request.url === '/healthz' || number % 2 === 1)) socket.destroy();
  });
  const moody =
    (run: Operation): Operation =>
    (input, context) => {
      // No time to wait is named: another instance may be well right now.
      if (mood() === 'ill') throw new NotExecuted('this instance is not well', 0);
      return run(input, context);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, moody(run)]));
};

const LOOK_MS = 50;

interface Started {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly server: Server;
}

/** A server gives itself and its sockets to nobody, so this listens where Node itself tells of requests. `number`: of the call. */
const onRequest = (started: (of: Started, number: number) => void): void => {
  let calls = 0;
  subscribe('http.server.request.start', (message) => {
    const of = message as Started;
    started(of, of.request.url === '/healthz' ? calls : calls++);
  });
};

/** Stops listening and begins again, at the same address. */
class Ears {
  #server: Server | undefined;
  #address: AddressInfo | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  /** Over which health was asked last. */
  #health: Socket | undefined;

  constructor() {
    subscribe('http.server.response.finish', (message) => {
      const { socket } = message as { readonly socket: Socket };
      this.#busy.delete(socket);
      if (this.#address !== undefined) this.#leave(socket);
    });
  }

  know(server: Server, socket: Socket, isHealth: boolean): void {
    this.#server = server;
    if (isHealth) this.#health = socket;
    this.#busy.add(socket);
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#busy.delete(socket);
    });
  }

  hear(isOpen: boolean): void {
    const server = this.#server;
    if (server === undefined || isOpen === (this.#address === undefined)) return;
    if (this.#address !== undefined) {
      const { port, address } = this.#address;
      this.#address = undefined;
      server.listen(port, address);
      return;
    }
    this.#address = server.address() as AddressInfo;
    // That of HTTP would hang up on everybody who is silent at the moment, the health check too.
    Listener.prototype.close.call(server);
    for (const socket of this.#sockets) this.#leave(socket);
  }

  #leave(socket: Socket): void {
    if (socket !== this.#health && !this.#busy.has(socket)) socket.end();
  }
}

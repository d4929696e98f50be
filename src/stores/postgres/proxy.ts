/** Stands between a store and its server, and cuts the wire when a test says so: only so can a commit be lost on its way. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `before`: the server never hears of the commit. `after`: it does, and its answer is lost. */
export type Cut = 'before' | 'after';

export class CuttingProxy {
  readonly #server = createServer((near) => this.#join(near));
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  #cut: Cut | undefined;
  #closing = false;
  #isClosed = false;

  constructor(port: number) {
    this.#port = port;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next commit. `close`: nobody is let through after it either. */
  cutAtCommit(cut: Cut, close = false): void {
    this.#cut = cut;
    this.#isClosed = false;
    this.#closing = close;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(near: Socket): void {
    if (this.#isClosed) return void near.destroy();
    const far = connect(this.#port, '127.0.0.1');
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    let deaf = false;
    far.on('data', (chunk) => {
      if (deaf) near.destroy();
      else near.write(chunk);
    });
    near.on('data', (chunk) => {
      const cut = chunk.includes('commit\u0000') ? this.#cut : undefined;
      if (cut === undefined) return void far.write(chunk);
      this.#cut = undefined;
      this.#isClosed = this.#closing;
      if (cut === 'before') return void near.destroy();
      deaf = true;
      far.write(chunk);
    });
  }
}

/** One keep-alive connection of the load generator: at most one call at a time, replaced when it breaks. */
import { connect, type Socket } from 'node:net';
import { type Head, MessageReader } from './framing.ts';

/** Before a broken connection is opened again, so that a dead target is not hammered. */
const REOPEN_MS = 10;
const READ_BYTES = 64 * 1024;

export interface ConnectionEvents {
  /** The connection can take a call: it is new, or its reply has come. */
  readonly free: (connection: Connection) => void;
  readonly replied: (intendedMs: number, head: Head) => void;
  readonly broken: (reason: string) => void;
}

export class Connection {
  readonly #port: number;
  readonly #request: Buffer;
  readonly #events: ConnectionEvents;
  /** One per connection: Windows may fill it before the callback of another connection has run. */
  readonly #readBuffer = Buffer.allocUnsafe(READ_BYTES);
  #socket: Socket;
  #ended = false;
  #connected = false;
  #intendedMs: number | undefined;

  constructor(port: number, request: Buffer, events: ConnectionEvents) {
    this.#port = port;
    this.#request = request;
    this.#events = events;
    this.#socket = this.#open();
  }

  /** The intended time of the call that is under way. */
  get busySinceMs(): number | undefined {
    return this.#intendedMs;
  }

  get isFree(): boolean {
    return this.#connected && this.#intendedMs === undefined;
  }

  send(intendedMs: number): void {
    this.#intendedMs = intendedMs;
    this.#socket.write(this.#request);
  }

  end(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #open(): Socket {
    const reader = new MessageReader((head) => this.#onReply(head));
    const callback = (length: number): boolean => {
      try {
        reader.push(this.#readBuffer.subarray(0, length));
      } catch (error) {
        this.#socket.destroy(error as Error);
      }
      return true;
    };
    const socket = connect({
      host: '127.0.0.1',
      port: this.#port,
      noDelay: true,
      onread: { buffer: this.#readBuffer, callback },
    });
    let reason = 'the connection was closed before its reply';
    socket.on('connect', () => {
      this.#connected = true;
      this.#events.free(this);
    });
    socket.on('error', (error) => (reason = error.message));
    socket.on('close', () => this.#onClose(reason));
    return socket;
  }

  #onReply(head: Head): void {
    const intendedMs = this.#intendedMs;
    if (intendedMs === undefined) return; // a reply nobody asked for, such as a 408 on an idle connection
    this.#intendedMs = undefined;
    this.#events.replied(intendedMs, head);
    if (head.closes) this.#socket.destroy();
    else this.#events.free(this);
  }

  #onClose(reason: string): void {
    if (this.#ended) return;
    if (this.#intendedMs !== undefined || !this.#connected) this.#events.broken(reason);
    this.#connected = false;
    this.#intendedMs = undefined;
    setTimeout(() => {
      if (!this.#ended) this.#socket = this.#open();
    }, REOPEN_MS);
  }
}

/** An agent that does everything wrong: it hangs, lies, babbles and dies, and keeps a ledger of what it was asked. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HostileAgent extends AsyncDisposable {
  readonly url: string;
  /** `operation callId` of every request that arrived whole, in order. */
  readonly ledger: readonly string[];
}

const WRONGS: Readonly<Record<string, (response: ServerResponse, body: string) => void>> = {
  echo: (response, body) => void response.writeHead(200, { 'content-type': 'application/json' }).end(body),
  hang: () => {},
  /** Promises more than it sends. */
  short: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"half":');
    setImmediate(() => response.socket?.destroy());
  },
  /** Is no HTTP at all. */
  garbage: (response) => void response.socket?.end('\u0000\u0001 hello, I am a fax machine\r\n\r\n'),
  /** Two answers to one question: the second must not become the answer to somebody else's. */
  twice: (response) => {
    const one = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    response.socket?.write(one('first') + one('stolen'));
  },
  /** Says two lengths. */
  smuggle: (response) =>
    void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 40\r\n\r\n{}'),
  /** More header than anybody reads. */
  headers: (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`),
  redirect: (response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/elsewhere' }).end(),
  /** Ends in the middle of its second event. */
  stream: (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\ndata: sec', () => setImmediate(() => response.socket?.destroy()));
  },
  die: (response) => void response.socket?.destroy(),
  /** An error in words that want to own the terminal and the log of whoever reads them. */
  shout: (response) =>
    void response
      .writeHead(500, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ detail: `\u001b]0;owned\u0007\u001b[2J\u202e${'A'.repeat(10_000)}`, code: 'denied' })),
};

export const OPERATIONS = Object.keys(WRONGS);

export const hostileAgent = async (): Promise<HostileAgent> => {
  const ledger: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return; // Never complete: nothing ran.
    }
    const operation = (request.url ?? '').slice(1);
    ledger.push(`${operation} ${request.headers['airspace-call-id']}`);
    WRONGS[operation]?.(response, body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

/** An agent as a process of its own, which no kill touches: what it runs it writes down before it answers, with the time. */
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const [ledger = ''] = process.argv.slice(2);

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return; // The caller left before its request was complete: nothing ran.
  }
  const id = Buffer.concat(chunks).toString('latin1');
  const callId = String(request.headers['airspace-call-id'] ?? '');
  const operation = (request.url ?? '/').slice(1);
  appendFileSync(ledger, `${JSON.stringify({ id, operation, callId, atMs: Date.now() })}\n`);
  response.writeHead(200, { 'content-type': 'text/plain' }).end('done');
};

const server = createServer((request, response) => void serve(request, response));
await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

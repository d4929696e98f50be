/** An agent that knows nothing of Airspace: it does what it is asked and keeps a ledger, the truth from outside the system. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Every id that was asked for, as often as it was. */
const ran: string[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/ledger') return void response.end(JSON.stringify(ran));
    const body = Buffer.concat(chunks);
    ran.push((JSON.parse(body.toString('utf8')) as { id: string }).id);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength }).end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));

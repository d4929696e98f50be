/** A collector of OTLP in a process of its own: it takes what comes, or accepts connections and never answers (`hang`). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const hangs = process.argv[2] === 'hang';
const server = createServer((request, response) => {
  if (hangs) return;
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit(0));

/** The process behind every hop: answers each request with the same bytes, and costs as little as Node allows. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serializeReply } from './exchange.ts';
import { MessageReader } from './framing.ts';

const reply = Buffer.from(serializeReply());

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  const reader = new MessageReader(() => socket.write(reply));
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    try {
      reader.push(bytes);
    } catch {
      socket.destroy();
    }
  });
}

const server = createServer(serve);
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.on('disconnect', () => process.exit(0)); // the benchmark is gone, however it ended

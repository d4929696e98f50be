/** The process behind every hop: answers with the stream that the request describes, on raw sockets, and costs as little as Node allows. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serializeReply } from '../load/exchange.ts';
import { endOf, eventOf, nowUs, type Script, scriptIn } from './script.ts';

const HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n';
/** For whoever only asks whether it is there. */
const SHORT = serializeReply();

const framed = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const play = (socket: Socket, script: Script, withUsage: boolean): void => {
  let n = 0;
  const next = (): void => {
    if (n < script.chunks) socket.write(framed(eventOf(n++, nowUs())));
    if (n < script.chunks) return;
    clearInterval(timer);
    socket.write(`${framed(endOf(script, withUsage))}0\r\n\r\n`);
  };
  const timer = setInterval(next, script.everyMs);
  socket.once('close', () => clearInterval(timer));
  socket.write(HEAD);
  next();
};

/** One request at a time on a connection, as every hop here sends them. */
const serve = (socket: Socket): void => {
  let text = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    const body = text.slice(head + 4, head + 4 + length);
    text = text.slice(head + 4 + length);
    const script = scriptIn(body);
    if (script === undefined) socket.write(SHORT);
    else play(socket, script, body.includes('"include_usage":true'));
  });
};

const server = createServer(serve);
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.on('disconnect', () => process.exit(0)); // the benchmark is gone, however it ended

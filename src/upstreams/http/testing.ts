/** What tests of doors and upstreams share: a real world, a permitted call, and targets that speak raw bytes. */
import { randomBytes } from 'node:crypto';
import net, { type AddressInfo } from 'node:net';
import type { Call, Endpoint, Fault } from '../../contract/index.ts';
import { type Handler, Permit, rootScope, silentSpan, type World } from '../../kernel/index.ts';

const hex = (bytes: number) => (): string => randomBytes(bytes).toString('hex');

export const testWorld: World = {
  clock: {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  },
  ids: { traceId: hex(16), spanId: hex(8), callId: hex(16) },
  random: Math.random,
};

export const testScope = () => rootScope(testWorld, silentSpan('00f067aa0ba902b7'));

export const endpointAt = (url: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id: 'orders@test',
  url,
  protocol: 'direct',
  node: '',
  final: false,
  version: '7',
  ...more,
});

export const makeCall = (more: Partial<Call> = {}): Call => ({
  id: testWorld.ids.callId(),
  credential: { kind: 'none' },
  principal: { kind: 'agent', tenant: 'default', id: 'shop', roles: [] },
  target: { kind: 'agent', name: 'orders', operation: 'place' },
  contentType: 'application/json',
  accept: 'application/json',
  body: { kind: 'bytes', bytes: Buffer.from('{"n":1}') },
  headers: [],
  trace: { trace: '4bf92f3577b34da6a3ce929d0e0e4736', sampled: true },
  lineage: { root: '0'.repeat(32), depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  ...more,
});

export const permitted = (call: Call): Call => {
  Permit.grant(call, {
    effect: 'allow',
    code: 'OK',
    reason: 'a test',
    determining: [],
    missing: [],
    policyVersion: 'sha256:0000000000000000',
    constraints: {},
    errors: [],
  });
  return call;
};

/** Stands where the pipeline stands: names a principal, permits, and hands on. */
export const pipelineTo =
  (next: Handler): Handler =>
  (call, scope) =>
    next(permitted({ ...call, principal: { kind: 'agent', tenant: 'default', id: 'shop', roles: [] } }), scope);

export interface RawTarget {
  readonly url: string;
  /** Everything received so far, by connection. */
  readonly received: readonly { text: string; readonly socket: net.Socket; readonly closed: Promise<void> }[];
  close(): Promise<void>;
}

/** A target that answers each complete request head with raw bytes, or does with the socket what it likes. */
export const rawTarget = async (answer: (socket: net.Socket, request: string) => void): Promise<RawTarget> => {
  const received: { text: string; socket: net.Socket; closed: Promise<void> }[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    const seen = { text: '', socket, closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
    received.push(seen);
    let from = 0;
    socket.on('data', (chunk) => {
      seen.text += chunk.toString('latin1');
      const end = seen.text.indexOf('\r\n\r\n', from);
      if (end < 0) return;
      const request = seen.text.slice(from);
      const length = Number(/content-length: (\d+)/i.exec(request)?.[1] ?? 0);
      if (seen.text.length < end + 4 + length) return;
      from = end + 4 + length;
      answer(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of received) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

/** The fault that some work ends with; fails when it ends well. */
export const faultOf = (work: Promise<unknown>): Promise<Fault> =>
  work.then(
    () => {
      throw new Error('expected a fault');
    },
    (fault: Fault) => fault,
  );

export const textOf = async (body: Call['body']): Promise<string> => {
  if (body.kind === 'bytes') return Buffer.from(body.bytes).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.chunks) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

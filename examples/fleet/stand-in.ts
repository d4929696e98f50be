/** Stands where Airspace stands and governs nothing but one rule: for tests of the fleet without Airspace. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passed {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface StandIn {
  readonly url: string;
  /** Calls in the order in which they came. */
  readonly passed: readonly Passed[];
  /** Where calls to a target go; set once the fleet is up. */
  targets: Readonly<Record<string, string>>;
  /** Resolves when that many calls have come. */
  hasSeen(count: number): Promise<void>;
  close(): void;
}

/** `denied`: a path such as `/v1/agents/refunds/issue` that is answered as a hub answers what policy forbids. */
export const standIn = async (denied: string): Promise<StandIn> => {
  const passed: Passed[] = [];
  const self: { targets: StandIn['targets'] } = { targets: {} };
  const server = createServer((request, response) => {
    passed.push({ path: request.url ?? '', headers: request.headers });
    server.emit('seen');
    if (request.url === denied) return deny(response);
    void pass(self.targets, request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(self, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    hasSeen: async (count: number) => {
      while (passed.length < count) await once(server, 'seen');
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
};

const deny = (response: ServerResponse): void => {
  const problem = {
    type: 'https://airspace.dev/problems/denied',
    status: 403,
    code: 'denied',
    detail: 'a refund is issued by a clerk',
    executed: 'no',
    facts: { rules: ['operations/refunds-need-a-person'], code: 'REFUND_NEEDS_A_PERSON' },
  };
  response.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
};

const pass = async (targets: StandIn['targets'], request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const [, , , name = '', operation = ''] = (request.url ?? '').split('/');
  const reply = await fetch(`${targets[name]}/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...traceOf(request) },
    body: Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)),
  });
  response.writeHead(reply.status, {
    'content-type': reply.headers.get('content-type') ?? '',
    'airspace-endpoint': name,
  });
  response.end(Buffer.from(await reply.arrayBuffer()));
};

const traceOf = ({ headers }: IncomingMessage): Record<string, string> =>
  typeof headers['traceparent'] === 'string' ? { traceparent: headers['traceparent'] } : {};

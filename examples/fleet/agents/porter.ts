/** `porter`: an agent with nothing but `node:http`, to show that Airspace asks for no library: POST in, JSON out. */
import { createServer } from 'node:http';

const port = Number(process.argv[process.argv.indexOf('--port') + 1]) || 0;

/** By subject, so that asking twice opens one ticket. */
const tickets = new Map<string, string>();

const ticketFor = (subject: string): string => {
  const ticket = tickets.get(subject) ?? `desk-${String(tickets.size + 1).padStart(3, '0')}`;
  if (tickets.size < 10_000) tickets.set(subject, ticket);
  return ticket;
};

const answer = (path: string, input: Record<string, unknown>): [number, unknown] => {
  const { guest, subject } = input;
  if (path === '/greet' && typeof guest === 'string')
    return [200, { greeting: `Good day, ${guest}. What can we do for you?` }];
  if (path === '/ticket' && typeof subject === 'string' && subject.length <= 500)
    return [200, { ticket: ticketFor(subject) }];
  if (path === '/greet' || path === '/ticket')
    return [400, { status: 400, detail: 'send {"guest": text} to /greet or {"subject": text} to /ticket' }];
  return [404, { status: 404, detail: `there is no operation \`${path.slice(1)}\`` }];
};

const server = createServer(async (request, response) => {
  const reply = (status: number, body: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/healthz') return reply(200, { status: 'ok' });
  try {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) if (text.length < 65_536) text += chunk;
    const input: unknown = JSON.parse(text);
    reply(...answer(request.url ?? '/', typeof input === 'object' && input !== null ? { ...input } : {}));
  } catch {
    reply(400, { status: 400, detail: 'the input must be JSON' });
  }
});

server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`listening on http://127.0.0.1:${address?.port}`);
});

for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, () => process.exit(0));

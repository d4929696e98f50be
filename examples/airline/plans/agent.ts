/** One of the three parts of the desk as an agent process: `node examples/airline/plans/agent.ts --data DIR --book FILE --domain NAME [--port 0]`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { loadDatabase } from '../database.ts';
import { isJsonReply } from '../desk.ts';
import { BadCall, isTool } from '../tools.ts';
import { Book } from './book.ts';
import { DOMAINS, domainOf, RAN } from './domains.ts';

const {
  data,
  book: file,
  domain: name,
  port = '0',
} = parseArgs({
  options: { data: { type: 'string' }, book: { type: 'string' }, domain: { type: 'string' }, port: { type: 'string' } },
}).values;
const domain = DOMAINS.find((one) => one === name);
if (data === undefined || file === undefined || domain === undefined) {
  console.error(
    `usage: node examples/airline/plans/agent.ts --data DIR --book FILE --domain ${DOMAINS.join('|')} [--port 0]`,
  );
  process.exit(2);
}
const book = new Book(file, loadDatabase(data));
const MOST_BODY = 1_048_576;
/** A desk takes its time, before the work and before its answer; kills fall into both. */
const [LEAST_MS, MOST_MS] = [100, 200];
const aMoment = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, LEAST_MS + Math.random() * (MOST_MS - LEAST_MS)));

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MOST_BODY) throw new BadCall('bad-arguments', `arguments may have ${MOST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const answer = (response: ServerResponse, status: number, text: string): void => {
  const type = isJsonReply(text) ? 'application/json' : 'text/plain; charset=utf-8';
  response.writeHead(status, { 'content-type': type }).end(text);
};

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const tool = (request.url ?? '/').slice(1);
  if (tool === 'healthz') return answer(response, 200, 'ok\n');
  const header = (field: string): string => String(request.headers[field] ?? '');
  const args = await bodyOf(request);
  if (tool === RAN) {
    const { callId } = JSON.parse(args) as { callId: string };
    return answer(response, 200, JSON.stringify({ executed: book.ran(callId) }));
  }
  if (!isTool(tool) || domainOf(tool) !== domain)
    return answer(response, 404, `there is no tool \`${tool}\` in ${domain}`);
  const [session, call, key] = [header('airspace-session'), header('airspace-call-id'), header('idempotency-key')];
  await aMoment();
  const reply = book.execute({ domain, session, call, key, tool, args });
  if (reply === undefined) return answer(response, 409, 'it was said of this call that it never ran');
  await aMoment();
  return answer(response, 200, reply);
};

const server = createServer((request, response) => {
  serve(request, response).catch((thrown: unknown) => {
    if (thrown instanceof BadCall || thrown instanceof SyntaxError) answer(response, 400, String(thrown.message));
    else response.destroy();
  });
});
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);

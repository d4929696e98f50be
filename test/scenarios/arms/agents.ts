/**
 * All agents of the scenario as one process that knows nothing of policy: each calls on for every call that it gets, and passes
 * `traceparent` on. What was run and what was answered goes to a ledger: the truth from outside the system.
 *
 * `node agents.ts <ledger> <name>...` prints a URL for each name; a line of JSON on stdin says where each calls on, and whom.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { ask } from '../../crash/wire.ts';

export interface Instructions {
  readonly [name: string]: { readonly url: string; readonly key: string; readonly calls: readonly string[] };
}

/** An agent ran a call, or heard the answer to one of its own. */
export type Entry =
  | { readonly what: 'ran'; readonly agent: string; readonly trace: string; readonly call: string }
  | {
      readonly what: 'heard';
      readonly of: string;
      readonly trace: string;
      readonly call: string;
      readonly status: number;
    };

const [ledger = '', ...names] = process.argv.slice(2);
/** Before each call that an agent makes, so that trees last and steps of a release fall into them. */
const MOST_THINKING_MS = 400;
let instructions: Instructions = {};

const write = (entry: Entry): void => appendFileSync(ledger, `${JSON.stringify(entry)}\n`);

const serve = async (agent: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  request.resume();
  const traceparent = String(request.headers['traceparent'] ?? '');
  const trace = traceparent.split('-')[1] ?? '';
  write({ what: 'ran', agent, trace, call: String(request.headers['airspace-call-id'] ?? '') });
  const { url, key, calls } = instructions[agent]!;
  for (const of of calls) {
    await new Promise((later) => setTimeout(later, Math.random() * MOST_THINKING_MS));
    const { status, headers } = await ask(`${url}/v1/agents/${of}/run`, {
      method: 'POST',
      key,
      headers: { traceparent },
    });
    write({ what: 'heard', of, trace, call: String(headers['airspace-call-id'] ?? ''), status });
  }
  response.end('done');
};

const urls: string[] = [];
for (const name of names) {
  const server = createServer((request, response) => void serve(name, request, response));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
createInterface({ input: process.stdin }).once('line', (line) => {
  instructions = JSON.parse(line) as Instructions;
});
console.log(urls.join(' '));

/**
 * Calls at a constant rate, whatever becomes of them: each is due at its instant, and its latency counts from then. A process of its own,
 * so that it stands still with nobody else. `node generator.ts <url> <key> <rate>`; a line on stdin ends it, and what was answered is printed.
 */
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';

export interface Answered {
  readonly id: string;
  /** Unix ms at which it was due. */
  readonly dueAtMs: number;
  readonly latencyMs: number;
  /** 0: no answer at all. */
  readonly status: number;
  readonly call: string;
  /** Of what was no success. */
  readonly said: string;
}

const [url = '', key = '', rate = '0'] = process.argv.slice(2);
const intervalMs = 1_000 / Number(rate);
const dispatcher = new Agent({ connections: 256, headersTimeout: 30_000, bodyTimeout: 30_000 });
const answers: Answered[] = [];
const open = new Set<Promise<void>>();
const wallAt0Ms = Date.now() - performance.now();
let next = 0;
const startMs = performance.now();
let stopped = false;

const call = async (id: string, dueMs: number): Promise<void> => {
  const answered = (status: number, id_: string, said: string): void =>
    void answers.push({
      id,
      dueAtMs: wallAt0Ms + dueMs,
      latencyMs: performance.now() - dueMs,
      status,
      call: id_,
      said,
    });
  try {
    const reply = await request(`${url}/v1/agents/orders/place`, {
      dispatcher,
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id }),
    });
    const text = await reply.body.text();
    answered(reply.statusCode, String(reply.headers['airspace-call-id'] ?? ''), reply.statusCode === 200 ? '' : text);
  } catch (thrown) {
    answered(0, '', String(thrown));
  }
};

const sendDue = (): void => {
  for (const nowMs = performance.now(); startMs + next * intervalMs <= nowMs; next++) {
    const work = call(`n${next}`, startMs + next * intervalMs).finally(() => open.delete(work));
    open.add(work);
  }
  if (!stopped) setTimeout(sendDue, 1);
};

sendDue();
createInterface({ input: process.stdin }).once('line', () => {
  stopped = true;
  // What is due but was not sent yet is no lost call: it was never made.
  void Promise.all(open).then(() => process.stdout.write(`${JSON.stringify(answers)}\n`, () => process.exit(0)));
});

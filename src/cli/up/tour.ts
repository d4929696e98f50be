/** The tour of `airspace up`: one allowed and one denied call, the same three ways, each with the id that explains it. */
import type { CallEvent } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import { clean } from '../render/clean.ts';
import type { Sample, Way } from './sample.ts';

interface Stop {
  readonly what: string;
  readonly target: string;
  readonly body: unknown;
}

const ALLOWED: Stop = { what: 'orders.where {"id":4} as concierge', target: 'agents/orders/where', body: { id: 4 } };
const DENIED: Stop = {
  what: 'refunds.issue as concierge',
  target: 'agents/refunds/issue',
  body: { order: 4, amountCents: 2_000, reason: 'the kettle arrived chipped' },
};

type Say = (line?: string) => void;

export const tour = async ({ ways }: Sample, admin: Admin, say: Say): Promise<void> => {
  for (const way of ways) await flowing(way);
  say();
  say(`  One call, three topologies, one policy: ${ALLOWED.what}`);
  const allowed = await walk(ways, ALLOWED, say);
  say(`  And one that policy says no to: ${DENIED.what}`);
  const denied = await walk(ways, DENIED, say);
  const around = await routedAround(admin);
  if (around !== undefined) {
    say('  And one whose first endpoint failed, so that another answered');
    say(
      clean(
        `    ${around.callId.slice(0, 8)}  ${around.status}  ${around.target.name}.${around.target.operation}  ${attemptsOf(around)}`,
      ),
    );
  }
  say();
  for (const id of [allowed, denied, around?.callId.slice(0, 8)])
    if (id !== undefined) say(`  explain it:  ./airspace why ${id}`);
};

/** Calls once per way and tells what came back. Answers the id of the last call. */
const walk = async (ways: readonly Way[], stop: Stop, say: Say): Promise<string | undefined> => {
  let last: string | undefined;
  for (const way of ways) {
    const startedMs = performance.now();
    const { status, id, problem } = await send(way, stop);
    last = id.slice(0, 8);
    const ms = (performance.now() - startedMs).toFixed(1).padStart(6);
    const rules = (problem?.facts?.rules ?? []).join(', ');
    const why = problem === undefined ? '' : `  ${rules === '' ? problem.code : rules}: ${problem.detail}`;
    say(`    ${way.name.padEnd(10)} ${status}  ${ms} ms  id ${clean(last)}${clean(why)}`);
  }
  return last;
};

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly callId?: string;
  readonly facts?: { readonly rules?: readonly string[] };
}

const send = async ({ url, key }: Way, { target, body }: Stop) => {
  const response = await fetch(`${url}/v1/${target}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const problem = response.headers.get('content-type')?.startsWith('application/problem+json')
    ? (JSON.parse(text) as Problem)
    : undefined;
  return { status: response.status, id: response.headers.get('airspace-call-id') ?? problem?.callId ?? '', problem };
};

const PATIENCE_MS = 15_000;

/** The fleet has just started: every node must have heard of the others first. */
const flowing = async (way: Way): Promise<void> => {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; ) {
    if ((await send(way, ALLOWED)).status === 200) return;
    await new Promise((next) => setTimeout(next, 100));
  }
};

/** A call of the traffic that needed more than one try. One of two instances of `orders` is unwell half of the time. */
const routedAround = async (admin: Admin): Promise<CallEvent | undefined> => {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; ) {
    const { events } = await admin.get<{ events: readonly CallEvent[] }>('/v1/calls', { target: 'orders', limit: 200 });
    const found = events.find(
      ({ status, steps }) => status === 'ok' && steps.filter(({ name }) => name === 'attempt').length > 1,
    );
    if (found !== undefined) return found;
    await new Promise((next) => setTimeout(next, 250));
  }
  return undefined;
};

const attemptsOf = ({ steps }: CallEvent): string =>
  steps
    .filter(({ name }) => name === 'attempt')
    .map(({ attributes }) => `${attributes['endpoint']} ${attributes['code'] === '' ? 'ok' : attributes['code']}`)
    .join(', then ');

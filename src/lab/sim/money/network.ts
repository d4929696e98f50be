/** The way from a hub to the agents: late, broken before or after, and open towards an agent although the hub has died meanwhile. */
import type { Call, Clock, Reply, Scope } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { type Handler, loopbackReply, notSent, Permit, throwIfNotSendable } from '../../../kernel/index.ts';
import type { Agent, Answer } from './agent.ts';
import { type Life, never } from './life.ts';
import { OFFERS } from './operations.ts';

/** Shares of exchanges. All zero: healthy. */
export interface Weather {
  unreachable: number;
  /** The request is gone, or comes late; the hub only knows that bytes were handed over. */
  breakBefore: number;
  late: number;
  breakAfter: number;
  breakStream: number;
}

export const fairWeather = (): Weather => ({ unreachable: 0, breakBefore: 0, late: 0, breakAfter: 0, breakStream: 0 });

export interface WayParts {
  readonly agent: Agent;
  readonly life: Life;
  readonly weather: Weather;
  /** The time of the world: what was sent travels on when its sender is dead. */
  readonly clock: Clock;
  readonly random: () => number;
}

export const wayTo =
  (parts: WayParts): Handler =>
  async (call, scope) => {
    throwIfNotSendable(scope);
    Permit.check(call);
    if (parts.life.isOver) return never();
    if (parts.random() < parts.weather.unreachable) throw new Fault('unreachable', 'no connection');
    return parts.life.hears(exchange(parts, call, scope));
  };

const exchange = (parts: WayParts, call: Call, scope: Scope): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { agent, clock, weather, random } = parts;
    let sent = false;
    const forget = scope.signal.onCancel((reason) => reject(sent ? reason : notSent(reason)));
    const answered = (answer: Answer): void => {
      if (random() < weather.breakAfter) reject(new Fault('upstream_broken', 'connection reset'));
      // What is rejected already stays so.
      clock.after(1 + 2 * random(), () => {
        forget();
        if (answer.kind === 'refused') reject(new Fault('refused', 'not now'));
        else resolve(replyOf(parts, call, answer));
      });
    };
    clock.after(1 + 2 * random(), () => {
      if (scope.signal.reason !== undefined || parts.life.isOver) return;
      sent = true;
      if (random() < weather.breakBefore) return reject(new Fault('upstream_broken', 'connection reset'));
      const lateMs = random() < weather.late ? 3_000 * random() : 0;
      clock.after(lateMs, () => agent.receive(arrivalOf(call), answered));
    });
  });

const arrivalOf = (call: Call) => ({
  tenant: call.principal!.tenant,
  principal: call.principal!.id,
  callId: call.id,
  key: call.idempotencyKey ?? call.id,
  operation: call.target.operation,
  body: textOf(call),
});

export const textOf = ({ body }: Pick<Call, 'body'>): string =>
  body.kind === 'bytes' ? Buffer.from(body.bytes).toString() : '';

const replyOf = (parts: WayParts, call: Call, answer: Exclude<Answer, { kind: 'refused' }>): Reply => {
  const { kind, cost } = answer;
  const text = answer.text === '' ? usageOf(cost).join('') : answer.text;
  const status = kind === 'ok' ? 200 : 500;
  if (kind === 'ok' && OFFERS[call.target.operation]!.stream)
    return loopbackReply({ body: { kind: 'stream', chunks: chunks(parts, cost) } });
  return loopbackReply({ status, costMicros: cost, body: { kind: 'bytes', bytes: Buffer.from(text) } });
};

/** In the words of model APIs. */
const usageOf = (cost: number): readonly string[] => ['{"usage":', '{"input_tokens":1,', `"output_tokens":${cost}}}`];

/** What it cost is in the last chunk. */
async function* chunks({ life, clock, random, weather }: WayParts, cost: number): AsyncGenerator<Uint8Array> {
  const breaksAt = random() < weather.breakStream ? Math.floor(3 * random()) : 3;
  for (let nth = 0; nth < 3; nth += 1) {
    await life.hears(new Promise<void>((resolve) => clock.after(10 * random(), resolve)));
    if (nth === breaksAt) throw new Fault('upstream_broken', 'connection reset');
    yield Buffer.from(usageOf(cost)[nth]!);
  }
}

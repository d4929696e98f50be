/** Runs of plans: looked at, followed, and asked to stop or to go on. They are started by calling the plan, like any agent. */
import { z } from 'zod';
import { Fault, Name, PlanSpec, type RunEvent, StepName } from '../../contract/index.ts';
import { type Answer, json, type Message } from './answer.ts';
import type { AdminRequest } from './request.ts';

export const RunsQuery = z.strictObject({
  plan: Name.optional(),
  state: z
    .enum([
      'running',
      'paused',
      'held',
      'compensating',
      'cancelling',
      'done',
      'failed',
      'compensated',
      'cancelled',
      'stuck',
    ])
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  before: z
    .string()
    .regex(/^\d{1,16}\.[0-9a-f]{32}$/, 'must be the `next` of the page before')
    .optional(),
});

export const EventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

/** A fan-out has its place in brackets, and what takes a step back a `~`. */
const Step = z
  .string()
  .refine((text) => StepName.safeParse(text.replace(/^~/, '').replace(/\[\d{1,5}\]$/, '')).success, {
    message: 'must be a step such as book, book[3] or ~book',
  });

export const Nothing = z.strictObject({});
export const Retry = z.strictObject({ from: Step });
export const Signal = z.strictObject({ name: Name, body: z.unknown().default(null) });
export const Check = z
  .strictObject({
    plan: Name.optional(),
    spec: PlanSpec.optional(),
    input: z.unknown().optional(),
    as: Name.optional(),
  })
  .refine(({ plan, spec }) => (plan === undefined) !== (spec === undefined), {
    message: 'must have either `plan`, the name of one that is applied, or `spec`',
  });

const ID = /^[0-9a-f]{32}$/;

const idOf = ({ param }: AdminRequest): string => {
  if (!ID.test(param)) throw new Fault('not_found', `there is no run \`${param}\`; its id has 32 hex digits`);
  return param;
};

export const listRuns = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { before, ...filter } = query(RunsQuery);
  const [startedAtMs = '', id = ''] = before?.split('.') ?? [];
  const { plan, state, limit } = filter;
  const items = await ports.plans.list(principal, {
    limit,
    ...(plan === undefined ? {} : { plan }),
    ...(state === undefined ? {} : { state }),
    ...(before === undefined ? {} : { after: { startedAtMs: Number(startedAtMs), id } }),
  });
  const last = items.length < limit ? undefined : items.at(-1);
  return json({ items, next: last === undefined ? null : `${last.startedAtMs}.${last.id}` });
};

export const getRun = async (asked: AdminRequest): Promise<Answer> =>
  json(await asked.ports.plans.get(asked.principal, idOf(asked)));

export const runEvents = async (asked: AdminRequest): Promise<Answer> => {
  const { after, limit } = asked.query(EventsQuery);
  return json({ items: await asked.ports.plans.events(asked.principal, idOf(asked), after, limit) });
};

/** Each event once and in order, until the run is over; whoever lost the connection goes on behind the last one that came. */
export const followRun = async (asked: AdminRequest): Promise<Answer> => {
  const { after } = asked.query(EventsQuery);
  const id = idOf(asked);
  const from = Math.max(after, asked.lastEventId);
  // What is not theirs to see is refused before the stream begins.
  await asked.ports.plans.get(asked.principal, id);
  return {
    kind: 'documents',
    messages: (signal) => messagesOf(asked.ports.plans.follow(asked.principal, id, from, signal)),
  };
};

async function* messagesOf(events: AsyncIterable<RunEvent>): AsyncGenerator<Message> {
  for await (const event of events) yield { event: event.kind, id: event.seq, data: JSON.stringify(event) };
}

const wishing =
  (wish: 'pause' | 'resume' | 'cancel') =>
  async (asked: AdminRequest): Promise<Answer> => {
    await asked.body(Nothing);
    return json(await asked.ports.plans.wish(asked.principal, idOf(asked), { wish }));
  };

export const pauseRun = wishing('pause');
export const resumeRun = wishing('resume');
export const cancelRun = wishing('cancel');

export const retryRun = async (asked: AdminRequest): Promise<Answer> => {
  const { from } = await asked.body(Retry);
  return json(await asked.ports.plans.wish(asked.principal, idOf(asked), { wish: 'retry', from }));
};

export const signalRun = async (asked: AdminRequest): Promise<Answer> => {
  const { name, body } = await asked.body(Signal);
  const wish = { wish: 'signal', name, body: JSON.stringify(body) } as const;
  return json(await asked.ports.plans.wish(asked.principal, idOf(asked), wish));
};

export const checkPlan = async ({ ports, principal, body }: AdminRequest): Promise<Answer> =>
  json(await ports.plans.check(principal, await body(Check)));

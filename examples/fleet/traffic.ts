/** Steady, bounded demo traffic through Airspace: what customers ask, what they may not do, and now and then a clerk. */
import { parseArgs } from 'node:util';
import { AirspaceError, type Client, createClient } from '../../src/client/index.ts';

const CALL_LIMIT_MS = 20_000;
/** When this many are open, a turn is left out: slow targets get less traffic, never more. */
const MAX_OPEN = 8;

const { values: flags } = parseArgs({ options: { 'per-second': { type: 'string', default: '3' } } });
const perSecond = Math.min(4, Math.max(0.1, Number(flags['per-second']) || 3));

const url = process.env['AIRSPACE_URL'] || 'http://127.0.0.1:4600';
const visitor = createClient({ url, key: process.env['AIRSPACE_KEY'] ?? '' });
const clerk = createClient({ url, key: process.env['AIRSPACE_CLERK_KEY'] ?? '' });

/** One conversation: what is called in it shares a session. */
type Scene = (inSession: (client: Client) => Client) => Promise<unknown>;

const asks =
  (question: string): Scene =>
  (inSession) =>
    inSession(visitor).call('concierge', 'ask', { question });

const looksUp =
  (id: number): Scene =>
  (inSession) =>
    inSession(visitor).call('orders', 'where', { id });

/** The board of the shop: every order at once, and what six customers have. */
const looksAtAll: Scene = (inSession) => {
  const orders = inSession(visitor);
  return Promise.all([
    ...Array.from({ length: 12 }, (_, at) => orders.call('orders', 'where', { id: at + 1 })),
    ...['amara', 'bjorn', 'chiyo', 'diego', 'edda', 'farid'].map((customer) =>
      orders.call('orders', 'list', { customer }),
    ),
  ]);
};

/** Not for customers: policy says so, and names the rule. */
const helpsHimself: Scene = (inSession) =>
  inSession(visitor).call('refunds', 'issue', { order: 12, amountCents: 2_000, reason: 'changed my mind' });

const decides =
  (order: number): Scene =>
  async (inSession) => {
    const refunds = inSession(clerk);
    const { amountCents } = (await refunds.call('refunds', 'quote', { order })).data as {
      readonly amountCents: number;
    };
    await refunds.call('refunds', 'issue', { order, amountCents, reason: 'arrived broken, photograph seen' });
  };

const PAN = [
  {
    role: 'system',
    content:
      'Answer from these facts only.\n- A cast-iron pan is washed without soap.\n- It is dried at once and oiled.',
  },
  { role: 'user', content: 'How do I look after my pan?' },
];

/** Reads a reply of the model as it comes, to its end. */
const listens: Scene = async (inSession) => {
  const small = { kind: 'model', name: 'scripted-small' } as const;
  for await (const _ of inSession(visitor).stream(small, 'chat', { messages: PAN, stream: true }));
};

/** In turns, so that every run tells the same story; something is denied about every four seconds. */
const SCENES: readonly Scene[] = [
  asks('Where is order 4?'),
  looksUp(7),
  listens,
  asks('How long does delivery take?'),
  looksAtAll,
  asks('I want my money back for order 7'),
  looksUp(9),
  asks('Where is my parcel of order 6?'),
  looksUp(11),
  helpsHimself,
  asks('Good morning'),
  looksUp(404),
  asks('Is there a warranty on the kettle?'),
  listens,
  decides(7),
  looksUp(5),
];

const tally = { ok: 0, denied: 0, failed: 0 };
let open = 0;
let turn = 0;

const next = async (): Promise<void> => {
  if (open >= MAX_OPEN) return;
  open++;
  const number = turn++;
  const context = { session: `visit-${number}`, timeoutMs: CALL_LIMIT_MS };
  try {
    await SCENES[number % SCENES.length]?.((client) => client.within(context));
    tally.ok++;
  } catch (thrown) {
    const denied = thrown instanceof AirspaceError && thrown.code === 'denied';
    tally[denied ? 'denied' : 'failed']++;
  } finally {
    open--;
  }
};

const beat = setInterval(() => void next(), 1_000 / perSecond);
const end = (): void => {
  clearInterval(beat);
  console.log(JSON.stringify(tally));
  process.exit(0);
};
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, end);
console.log(`calling ${url}`);

/** The plans that run while processes die: twelve steps in three domains, with a fan-out, joins, people, and things to be taken back. */
import { API_VERSION } from '../../../src/contract/index.ts';

/** By domain, with the effect of each operation. What may run twice is marked. */
const OPERATIONS = {
  customers: { look: 'read', note: 'again', award: 'write', revoke: 'write', mail: 'write' },
  bookings: { quote: 'read', hold: 'write', release: 'write', seat: 'write', unseat: 'write', close: 'write' },
  payments: { rate: 'read', pay: 'irreversible', refund: 'write', bill: 'again' },
} as const;

export type DomainName = keyof typeof OPERATIONS;
export const DOMAINS = Object.keys(OPERATIONS) as readonly DomainName[];

/** What one payment costs. */
export const PRICE_MICROS = 10_000;
export const BUDGET = 'all';
export const CALLER = 'clerk';
export const APPROVER = 'nora';

/** May run more than once without harm. */
const MANY: ReadonlySet<string> = new Set(['look', 'quote', 'rate', 'note', 'bill']);
export const runsOnce = (operation: string): boolean => !MANY.has(operation);

/** What takes an operation back. */
export const INVERSE: Readonly<Record<string, string>> = {
  hold: 'release',
  pay: 'refund',
  seat: 'unseat',
  award: 'revoke',
};

/** Where an order may be made to fail: nowhere, early or late. */
export const FAILS = ['', '', '', '', 'close', 'close', 'award', 'pay'] as const;
export const SEATS = 3;

export interface Order {
  readonly order: string;
  readonly fail: string;
  readonly seats: readonly number[];
}

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

/** `twice`: planted. Operations that may run once only are said to be repeatable. */
const operationsOf = (domain: DomainName, twice: boolean): readonly unknown[] => [
  { name: 'ran', effect: 'read' },
  ...Object.entries(OPERATIONS[domain]).map(([name, effect]) => ({
    ...{ name, effect: effect === 'again' ? 'write' : effect },
    ...(effect === 'read' ? {} : { idempotent: effect === 'again' || twice }),
    ...(effect === 'read' || effect === 'again' || twice ? {} : { reconcile: { ask: 'ran' } }),
    ...(name === 'pay' ? { price: { perCall: PRICE_MICROS } } : {}),
  })),
];

const TRIES = { attempts: 10, backoffMs: 300, deadlineMs: 5_000 };
const call = (id: string, callee: string, more: object = {}): object => ({
  ...{ id, call: `agent/${callee}`, ...TRIES },
  input: { order: '${ input.order }', fail: '${ input.fail }' },
  ...more,
});
const back = (callee: string): object => ({
  compensate: { call: `agent/${callee}`, ...TRIES, input: { order: '${ input.order }' } },
});

const steps = (waits: object): readonly object[] => [
  call('look', 'customers/look'),
  call('quote', 'bookings/quote'),
  call('rate', 'payments/rate'),
  call('hold', 'bookings/hold', {
    input: { order: '${ input.order }', quoted: '${ steps.quote.result.operation }' },
    ...back('bookings/release'),
  }),
  call('note', 'customers/note', { needs: ['look'] }),
  { id: 'agree', needs: ['hold', 'rate'], ...waits },
  call('pay', 'payments/pay', { needs: ['agree'], ...back('payments/refund') }),
  call('seats', 'bookings/seat', { needs: ['pay'], forEach: 'input.seats', parallel: 2, ...back('bookings/unseat') }),
  call('award', 'customers/award', { needs: ['pay'], ...back('customers/revoke') }),
  call('bill', 'payments/bill', { needs: ['pay'] }),
  call('mail', 'customers/mail', { needs: ['seats', 'award', 'bill'], join: 'any' }),
  call('close', 'bookings/close', { needs: ['mail', 'note', 'seats', 'award', 'bill'] }),
];

/** `asked` waits for people, `plain` for a moment. */
export const PLANS = { asked: 'asked', plain: 'plain' } as const;
export type PlanName = keyof typeof PLANS;

export const resources = ({ twice }: { readonly twice: boolean }): readonly unknown[] => [
  resource('Domain', 'office', {}),
  ...DOMAINS.map((domain) => resource('Domain', domain, { delegated: true })),
  resource('Agent', CALLER, { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  ...DOMAINS.map((domain) =>
    resource('Agent', domain, { operations: operationsOf(domain, twice), timeoutMs: 5_000 }, domain),
  ),
  resource('User', APPROVER, { roles: ['approver'] }),
  resource('Budget', BUDGET, { scope: 'organisation', unit: 'usd', limit: '1000 USD' }),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: {
      text: '@id("work") @reason("the office may call everybody") permit (principal in Domain::"office", action, resource);',
    },
  }),
  resource('Plan', PLANS.plain, { steps: steps({ wait: { ms: 200 } }), deadlineMs: 3_600_000 }, 'office'),
  resource(
    'Plan',
    PLANS.asked,
    {
      steps: steps({ approve: { question: { order: '${ input.order }' }, ttlMs: 3_600_000 } }),
      deadlineMs: 3_600_000,
    },
    'office',
  ),
];

/** The written policy as Cedar, case by case: the real rules, the real facts, and a desk with an invented database. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { AgentContext, Operations } from '../../src/client/serve.ts';
import { type Call, type Fault, idOf, type Reply, type RoutePlan, resourceKey } from '../../src/contract/index.ts';
import { checkShape, compile } from '../../src/control/index.ts';
import { type Handler, loopbackCall, loopbackReply, rootScope, systemWorld } from '../../src/kernel/index.ts';
import { decide, type PreparedPolicy, policyCompiler, preparePolicy } from '../../src/policy/index.ts';
import type { Database } from './database.ts';
import { isJsonReply, openDesk } from './desk.ts';
import { factOperations } from './facts.ts';
import { CLERK, DESK, governedResources } from './resources.ts';
import { sampleDatabase } from './sample.ts';

interface Case {
  readonly promise: string;
  readonly given?: { readonly reservation?: object; readonly user?: object; readonly methods?: object };
  readonly call: string;
  readonly args?: object;
  readonly stops?: readonly string[];
}

const CASES = parse(readFileSync(new URL('policies/cases.yaml', import.meta.url), 'utf8')) as readonly Case[];

const TOVE = { first_name: 'Tove', last_name: 'Brandt', dob: '1990-01-01' };
const KEPT = { reservation_id: 'KEPT01' };

/** A call that passes; a case says what it changes. */
const USUAL: Readonly<Record<string, object>> = {
  get_reservation_details: KEPT,
  cancel_reservation: KEPT,
  update_reservation_baggages: { ...KEPT, total_baggages: 2, nonfree_baggages: 1, payment_id: 'gift_card_1' },
  update_reservation_passengers: { ...KEPT, passengers: [TOVE, TOVE] },
  update_reservation_flights: {
    ...KEPT,
    cabin: 'economy',
    flights: [
      { flight_number: 'ZZ1', date: '2024-05-20' },
      { flight_number: 'ZZ3', date: '2024-05-20' },
    ],
    payment_id: 'gift_card_1',
  },
  book_reservation: {
    user_id: 'tove_brandt_1',
    origin: 'SEA',
    destination: 'DEN',
    flight_type: 'one_way',
    cabin: 'economy',
    flights: [{ flight_number: 'ZZ1', date: '2024-05-20' }],
    passengers: [TOVE],
    payment_methods: [{ payment_id: 'credit_card_1', amount: 150 }],
    total_baggages: 0,
    nonfree_baggages: 0,
    insurance: 'no',
  },
  send_certificate: { user_id: 'tove_brandt_1', amount: 50 },
};

const databaseOf = ({ reservation, user, methods }: NonNullable<Case['given']>): Database => {
  const tove = sampleDatabase.users.get('tove_brandt_1')!;
  const flown = { ...sampleDatabase.flights.get('ZZ5')!, dates: { '2024-05-14': { status: 'landed' } as const } };
  return {
    flights: new Map([...sampleDatabase.flights, ['ZZ8', { ...flown, flight_number: 'ZZ8' }]]),
    users: new Map([
      [
        'tove_brandt_1',
        {
          membership: 'regular',
          ...tove,
          ...user,
          payment_methods: { ...tove.payment_methods, ...methods },
        },
      ],
    ]),
    reservations: new Map([['KEPT01', { ...sampleDatabase.reservations.get('KEPT01')!, ...reservation }]]),
  };
};

/** What the hub makes of the resources. */
const prepared = async (): Promise<PreparedPolicy> => {
  const resources = governedResources();
  const shaped = checkShape({ resources, origins: resources.map((_, at) => `resource ${at + 1}`) }, 'default');
  assert.deepEqual(shaped.problems, []);
  const configuration = new Map(shaped.resources.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
  return preparePolicy(await compile(configuration, policyCompiler()));
};

const replyOf = (text: string): Reply =>
  loopbackReply({
    contentType: isJsonReply(text) ? 'application/json' : 'text/plain',
    body: { kind: 'bytes', bytes: Buffer.from(text) },
  });

const argumentsOf = ({ body }: Call): unknown =>
  body.kind === 'bytes' ? JSON.parse(Buffer.from(body.bytes).toString()) : {};

/** Both agents behind one decide layer: what it lets through is executed, facts included. */
const governed = (policy: PreparedPolicy, database: Database): Handler => {
  const desk = openDesk(database);
  const look = async (id: string) =>
    JSON.parse(desk.call('get_reservation_details', { reservation_id: id })) as unknown;
  const facts: Operations = factOperations(database.flights, look);
  const run: Handler = async (call) => {
    const { name, operation } = call.target;
    if (name === DESK.name) return replyOf(desk.call(operation, argumentsOf(call)));
    return replyOf(JSON.stringify(await facts[operation]!(argumentsOf(call), {} as AgentContext)));
  };
  const planOf = (): RoutePlan => ({ priority: 2, operation: {} }) as RoutePlan;
  const layered: Handler = decide({ policy, planOf, ask: (call, scope) => ask(call, scope) })(run);
  const ask: Handler = ({ credential, ...call }, scope) =>
    layered({ ...call, credential, principal: credential.kind === 'known' ? credential.principal : null }, scope);
  return layered;
};

const stopsOf = (thrown: Fault): readonly string[] => {
  const rules = thrown.facts['rules'] as readonly string[];
  return rules.length > 0 ? rules : [String(thrown.facts['code'])];
};

describe('the written policy', async () => {
  const policy = await prepared();
  const { scope } = rootScope(systemWorld(), { spanId: 's', set: () => {}, step: () => {} });
  for (const { promise, given = {}, call: operation, args = {}, stops = [] } of CASES) {
    test(`${operation}: ${promise}`, async () => {
      const call = loopbackCall({
        principal: { kind: 'agent', tenant: 'default', id: CLERK.name, domain: CLERK.domain, roles: [] },
        target: { kind: 'agent', name: DESK.name, operation },
        session: 'case',
        contentType: 'application/json',
        body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify({ ...USUAL[operation], ...args })) },
      });
      const outcome = await governed(policy, databaseOf(given))(call, scope).then(() => [], stopsOf);
      assert.deepEqual(outcome, stops);
    });
  }
});

test('every rule that forbids has a case that it stops', () => {
  const text = readFileSync(new URL('policies/written-policy.cedar', import.meta.url), 'utf8');
  const rules = [...text.matchAll(/@id\("([a-z]+-\d\d-[^"]*)"\)/g)].map(([, id]) => `service/${id}`);
  const stopped = new Set(CASES.flatMap(({ stops = [] }) => stops));
  assert.deepEqual(
    rules.filter((rule) => !stopped.has(rule)),
    [],
  );
  assert.equal(rules.length, 19);
});

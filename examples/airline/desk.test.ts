import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Desk, openDesk } from './desk.ts';
import { sampleDatabase } from './sample.ts';
import { BadCall, toolNames, tools } from './tools.ts';

const open = (): Desk => openDesk(sampleDatabase);
const object = (desk: Desk, tool: string, args: object) => JSON.parse(desk.call(tool, args));
const reservation = (desk: Desk, id = 'KEPT01') => object(desk, 'get_reservation_details', { reservation_id: id });
const user = (desk: Desk) => object(desk, 'get_user_details', { user_id: 'tove_brandt_1' });
const giftCard = (desk: Desk): number => user(desk).payment_methods.gift_card_1.amount;

const tove = { first_name: 'Tove', last_name: 'Brandt', dob: '1990-01-01' };

/** ZZ1 in economy for one: 150, with insurance 180, with one non-free bag 230. */
const booking = {
  user_id: 'tove_brandt_1',
  origin: 'SEA',
  destination: 'DEN',
  flight_type: 'one_way',
  cabin: 'economy',
  flights: [{ flight_number: 'ZZ1', date: '2024-05-20' }],
  passengers: [tove],
  payment_methods: [
    { payment_id: 'gift_card_1', amount: 80 },
    { payment_id: 'certificate_1', amount: 100 },
    { payment_id: 'credit_card_1', amount: 50 },
  ],
  total_baggages: 3,
  nonfree_baggages: 1,
  insurance: 'yes',
};

const flightsUpdate = {
  reservation_id: 'KEPT01',
  cabin: 'economy',
  flights: [
    { flight_number: 'ZZ1', date: '2024-05-20' },
    { flight_number: 'ZZ4', date: '2024-05-20' },
  ],
  payment_id: 'gift_card_1',
};

const bags = { reservation_id: 'KEPT01', total_baggages: 4, nonfree_baggages: 3, payment_id: 'gift_card_1' };

test('a reservation and a user are shown as the database has them', () => {
  const text = open().call('get_reservation_details', { reservation_id: 'KEPT01' });
  assert.ok(text.startsWith('{"reservation_id": "KEPT01", "user_id": "tove_brandt_1", "origin": "SEA"'));
  assert.deepEqual(JSON.parse(text), sampleDatabase.reservations.get('KEPT01'));
  assert.deepEqual(user(open()), sampleDatabase.users.get('tove_brandt_1'));
});

test('the airports come in their recorded order', () => {
  const airports = object(open(), 'list_all_airports', {});
  assert.equal(Object.keys(airports).length, 20);
  assert.equal(Object.keys(airports).join(' ').slice(0, 11), 'SFO JFK LAX');
});

test('thinking says nothing, a transfer says one sentence, a sum its value', () => {
  assert.equal(open().call('think', { thought: 'hm' }), '');
  assert.equal(open().call('transfer_to_human_agents', { summary: 'lost' }), 'Transfer successful');
  assert.equal(open().call('calculate', { expression: '2 * 75' }), '150.0');
  assert.equal(open().call('calculate', { expression: '1 / 0' }), 'Error: division by zero');
});

/** Each row breaks one check, and every row of a tool also breaks the checks of the rows below it where it can: order matters. */
const noes: readonly (readonly [string, object, string])[] = [
  ['get_user_details', { user_id: 'nobody' }, 'user not found'],
  ['get_user_details', { user_id: '__proto__' }, 'user not found'],
  ['get_reservation_details', { reservation_id: 'NONE00' }, 'user not found'],
  [
    'book_reservation',
    { ...booking, user_id: 'nobody', flights: [{ flight_number: 'XX9', date: '' }] },
    'user not found',
  ],
  ['book_reservation', { ...booking, flights: [{ flight_number: 'XX9', date: '2024-05-09' }] }, 'flight XX9 not found'],
  [
    'book_reservation',
    { ...booking, flights: [{ flight_number: 'ZZ1', date: 'constructor' }] },
    'flight ZZ1 not found on date constructor',
  ],
  [
    'book_reservation',
    { ...booking, flights: [{ flight_number: 'ZZ1', date: '2024-05-21' }] },
    'flight ZZ1 not available on date 2024-05-21',
  ],
  [
    'book_reservation',
    { ...booking, cabin: 'business', passengers: [tove, tove], payment_methods: [{ payment_id: 'none', amount: 1 }] },
    'not enough seats on flight ZZ1',
  ],
  [
    'book_reservation',
    {
      ...booking,
      payment_methods: [
        { payment_id: 'none', amount: 1 },
        { payment_id: 'gift_card_1', amount: 121 },
      ],
    },
    'payment method none not found',
  ],
  [
    'book_reservation',
    { ...booking, payment_methods: [{ payment_id: 'toString', amount: 1 }] },
    'payment method toString not found',
  ],
  [
    'book_reservation',
    { ...booking, payment_methods: [{ payment_id: 'gift_card_1', amount: 121 }] },
    'not enough balance in payment method gift_card_1',
  ],
  [
    'book_reservation',
    { ...booking, payment_methods: [{ payment_id: 'certificate_1', amount: 101 }] },
    'not enough balance in payment method certificate_1',
  ],
  [
    'book_reservation',
    { ...booking, payment_methods: [{ payment_id: 'credit_card_1', amount: 180 }] },
    'payment amount does not add up, total price is 230, but paid 180',
  ],
  ['cancel_reservation', { reservation_id: 'NONE00' }, 'reservation not found'],
  ['update_reservation_flights', { ...flightsUpdate, reservation_id: 'NONE00', flights: [] }, 'reservation not found'],
  [
    'update_reservation_flights',
    { ...flightsUpdate, flights: [{ flight_number: 'XX9', date: '' }], payment_id: 'none' },
    'flight XX9 not found',
  ],
  [
    'update_reservation_flights',
    { ...flightsUpdate, flights: [{ flight_number: 'ZZ5', date: '2024-05-20' }], payment_id: 'none' },
    'flight ZZ5 not available on date 2024-05-20',
  ],
  ['update_reservation_flights', { ...flightsUpdate, cabin: 'business' }, 'not enough seats on flight ZZ1'],
  ['update_reservation_flights', { ...flightsUpdate, payment_id: 'none' }, 'payment method not found'],
  [
    'update_reservation_flights',
    { ...flightsUpdate, payment_id: 'certificate_1' },
    'certificate cannot be used to update reservation',
  ],
  [
    'update_reservation_flights',
    { ...flightsUpdate, flights: [...flightsUpdate.flights, { flight_number: 'ZZ3', date: '2024-05-21' }] },
    'gift card balance is not enough',
  ],
  ['update_reservation_baggages', { ...bags, reservation_id: 'NONE00', payment_id: 'none' }, 'reservation not found'],
  ['update_reservation_baggages', { ...bags, payment_id: 'none' }, 'payment method not found'],
  [
    'update_reservation_baggages',
    { ...bags, payment_id: 'certificate_1' },
    'certificate cannot be used to update reservation',
  ],
  ['update_reservation_baggages', { ...bags, nonfree_baggages: 4 }, 'gift card balance is not enough'],
  ['update_reservation_passengers', { reservation_id: 'NONE00', passengers: [] }, 'reservation not found'],
  [
    'update_reservation_passengers',
    { reservation_id: 'KEPT01', passengers: [tove] },
    'number of passengers does not match',
  ],
  ['send_certificate', { user_id: 'nobody', amount: 50 }, 'user not found'],
];

for (const [tool, args, reason] of noes) {
  test(`${tool} says no and changes nothing: ${reason}`, () => {
    const desk = open();
    const before = [desk.call('get_user_details', { user_id: 'tove_brandt_1' }), reservation(desk)];
    assert.equal(desk.call(tool, args), `Error: ${reason}`);
    assert.deepEqual([desk.call('get_user_details', { user_id: 'tove_brandt_1' }), reservation(desk)], before);
  });
}

test('a booking prices flights, insurance and bags, and takes the money', () => {
  const desk = open();
  const text = desk.call('book_reservation', booking);
  assert.equal(
    text,
    '{"reservation_id": "HATHAT", "user_id": "tove_brandt_1", "origin": "SEA", "destination": "DEN", "flight_type": "one_way", ' +
      '"cabin": "economy", "flights": [{"flight_number": "ZZ1", "date": "2024-05-20", "price": 150, "origin": "SEA", ' +
      '"destination": "DEN"}], "passengers": [{"first_name": "Tove", "last_name": "Brandt", "dob": "1990-01-01"}], ' +
      '"payment_history": [{"payment_id": "gift_card_1", "amount": 80}, {"payment_id": "certificate_1", "amount": 100}, ' +
      '{"payment_id": "credit_card_1", "amount": 50}], "created_at": "2024-05-15T15:00:00", "total_baggages": 3, ' +
      '"nonfree_baggages": 1, "insurance": "yes"}',
  );
  assert.deepEqual(reservation(desk, 'HATHAT'), JSON.parse(text));
  assert.equal(giftCard(desk), 40);
  assert.deepEqual(Object.keys(user(desk).payment_methods), ['credit_card_1', 'gift_card_1']);
  assert.deepEqual(user(desk).reservations, ['KEPT01', 'HATHAT']);
});

test('bookings take the three ids in turn, and a fourth is refused rather than written over the third', () => {
  const desk = open();
  const plain = { ...booking, payment_methods: [{ payment_id: 'credit_card_1', amount: 230 }] };
  const ids = [1, 2, 3].map(() => object(desk, 'book_reservation', plain).reservation_id);
  assert.deepEqual(ids, ['HATHAT', 'HATHAU', 'HATHAV']);
  assert.equal(desk.call('book_reservation', plain), 'Error: no reservation id left');
});

test('no booking uses up a seat', () => {
  const desk = open();
  const search = { origin: 'SEA', destination: 'DEN', date: '2024-05-20' };
  const before = desk.call('search_direct_flight', search);
  desk.call('book_reservation', booking);
  assert.equal(desk.call('search_direct_flight', search), before);
});

test('fields that a caller adds to a flight or passenger are kept, deep ones are refused', () => {
  const flight = { date: '2024-05-20', flight_number: 'ZZ1', seat: '4A' };
  const kept = open().call('book_reservation', { ...booking, flights: [flight] });
  assert.match(kept, /\{"date": "2024-05-20", "flight_number": "ZZ1", "seat": "4A", "price": 150/);
  const deep = { ...booking, flights: [{ ...flight, seat: [[]] }] };
  assert.throws(() => open().call('book_reservation', deep), BadCall);
});

test('a cancellation refunds every payment, and a second one takes the refunds back', () => {
  const desk = open();
  const first = object(desk, 'cancel_reservation', { reservation_id: 'KEPT01' });
  assert.equal(first.status, 'cancelled');
  assert.deepEqual(amounts(first), [400, -400]);
  assert.deepEqual(amounts(object(desk, 'cancel_reservation', { reservation_id: 'KEPT01' })), [400, -400, -400, 400]);
});

const amounts = (booked: { payment_history: { amount: number }[] }): number[] =>
  booked.payment_history.map(({ amount }) => amount);

test('a kept flight keeps its price, a new one has today’s, and the gift card pays the difference for everyone', () => {
  const desk = open();
  const changed = object(desk, 'update_reservation_flights', flightsUpdate);
  assert.deepEqual(
    changed.flights.map(({ price }: { price: number }) => price),
    [110, 120],
  );
  assert.deepEqual(changed.payment_history.at(-1), { payment_id: 'gift_card_1', amount: 60 });
  assert.equal(giftCard(desk), 60);
});

test('another cabin prices every flight anew, credits a negative difference, and the stored cabin stays', () => {
  const desk = open();
  const flights = [{ flight_number: 'ZZ1', date: '2024-05-20' }];
  const changed = object(desk, 'update_reservation_flights', { ...flightsUpdate, cabin: 'basic_economy', flights });
  assert.equal(changed.cabin, 'economy');
  assert.deepEqual(amounts(changed), [400, -200]);
  assert.equal(giftCard(desk), 320);
});

test('the same flights again cost nothing and leave no payment', () => {
  const flights = [
    { flight_number: 'ZZ1', date: '2024-05-20' },
    { flight_number: 'ZZ3', date: '2024-05-20' },
  ];
  const changed = object(open(), 'update_reservation_flights', { ...flightsUpdate, flights });
  assert.deepEqual(amounts(changed), [400]);
});

test('more non-free bags are paid, fewer are not given back', () => {
  const desk = open();
  const more = object(desk, 'update_reservation_baggages', bags);
  assert.deepEqual([more.total_baggages, more.nonfree_baggages, ...amounts(more)], [4, 3, 400, 100]);
  assert.equal(giftCard(desk), 20);
  const fewer = object(desk, 'update_reservation_baggages', { ...bags, nonfree_baggages: 0 });
  assert.deepEqual([fewer.nonfree_baggages, ...amounts(fewer)], [0, 400, 100]);
  assert.equal(giftCard(desk), 20);
});

test('passengers are replaced by as many others', () => {
  const desk = open();
  const others = [tove, { ...tove, first_name: 'Eva' }];
  assert.deepEqual(
    object(desk, 'update_reservation_passengers', { reservation_id: 'KEPT01', passengers: others }).passengers,
    others,
  );
  assert.deepEqual(reservation(desk).passengers, others);
});

test('certificates take the three ids in turn', () => {
  const desk = open();
  const send = () => desk.call('send_certificate', { user_id: 'tove_brandt_1', amount: 75 });
  assert.equal(send(), 'Certificate certificate_3221322 added to user tove_brandt_1 with amount 75.');
  assert.deepEqual(user(desk).payment_methods.certificate_3221322, {
    source: 'certificate',
    amount: 75,
    id: 'certificate_3221322',
  });
  assert.match(send(), /certificate_3221323/);
  assert.match(send(), /certificate_3221324/);
  assert.equal(send(), 'Error: no certificate id left for user tove_brandt_1');
});

test('two desks on one database do not see each other', () => {
  const [one, other] = [open(), open()];
  one.call('cancel_reservation', { reservation_id: 'KEPT01' });
  one.call('send_certificate', { user_id: 'tove_brandt_1', amount: 75 });
  assert.equal(reservation(other).status, undefined);
  assert.deepEqual(user(other), sampleDatabase.users.get('tove_brandt_1'));
});

test('every tool refuses arguments that are missing, of another type, or too many', () => {
  const desk = open();
  for (const tool of toolNames) {
    const needed = Object.keys(tools[tool].args.shape);
    if (needed.length > 0) assert.throws(() => desk.call(tool, {}), BadCall, tool);
    assert.throws(() => desk.call(tool, null), BadCall, tool);
    assert.throws(() => desk.call(tool, [1]), BadCall, tool);
    assert.throws(() => desk.call(tool, { nonsense: 1 }), BadCall, tool);
  }
});

test('there is no other tool, whatever its name', () => {
  for (const name of ['', 'drop_database', '__proto__', 'constructor']) {
    assert.throws(() => open().call(name, {}), { reason: 'unknown-tool' });
  }
});

test('the 14 tools: seven only read, one cannot be undone', () => {
  const having = (effect: string) => toolNames.filter((tool) => tools[tool].effect === effect);
  assert.equal(toolNames.length, 14);
  assert.equal(having('read').length, 7);
  assert.deepEqual(having('irreversible'), ['cancel_reservation']);
});

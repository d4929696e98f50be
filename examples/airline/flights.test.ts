import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Desk, openDesk } from './desk.ts';
import { sampleDatabase } from './sample.ts';

const open = (): Desk => openDesk(sampleDatabase);
const object = (desk: Desk, tool: string, args: object) => JSON.parse(desk.call(tool, args));

test('a direct search finds what is for sale that day, in file order, with that day’s seats', () => {
  const found = (date: string) => object(open(), 'search_direct_flight', { origin: 'SEA', destination: 'DEN', date });
  assert.deepEqual(
    found('2024-05-20').map(({ flight_number }: { flight_number: string }) => flight_number),
    ['ZZ1', 'ZZ2'],
  );
  assert.deepEqual(found('2024-05-20')[0].prices, { basic_economy: 100, economy: 150, business: 400 });
  assert.equal('dates' in found('2024-05-20')[0], false);
  assert.deepEqual(found('2024-05-21'), []);
  assert.deepEqual(found('__proto__'), []);
});

test('a one-stop search pairs flights that meet, the second on the next day after a night flight', () => {
  const pairs = object(open(), 'search_onestop_flight', { origin: 'SEA', destination: 'MIA', date: '2024-05-20' });
  // ZZ4 leaves before ZZ1 has landed; ZZ2 lands at `01:00:00+1` and so meets ZZ3, which is for sale on the 21st.
  assert.deepEqual(pairs.map(names), ['ZZ1 2024-05-20 ZZ3 2024-05-20', 'ZZ2 2024-05-20 ZZ3 2024-05-21']);
  assert.equal(pairs[1][1].prices.economy, 110, 'the second leg shows the first date’s price');
});

const names = (pair: { flight_number: string; date: string }[]): string =>
  pair.map(({ flight_number, date }) => `${flight_number} ${date}`).join(' ');

test('a second leg that does not fly on the first date is an error, as recorded', () => {
  const search = { origin: 'PHX', destination: 'MIA', date: '2024-05-20' };
  assert.equal(open().call('search_onestop_flight', search), 'Error: flight ZZ7 not found on date 2024-05-20');
});

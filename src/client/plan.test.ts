import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resource } from '../contract/index.ts';
import { expr, plan } from './index.ts';

test('a plan that is built in code is the resource that a file would hold', () => {
  const rebook = plan('rebook', { description: 'another flight', deadlineMs: 60_000 });
  const find = rebook.call('find', 'agent/bookings/search', {
    input: { from: rebook.input.at('from'), note: '${not one}' },
  });
  rebook.approve('sure', { price: find.result.at('flights', 0, 'price-cents') }, { roles: ['desk'] });
  const book = rebook.call('book', 'agent/bookings/book', {
    input: { flight: find.result.at('flights', 0, 'id') },
    when: expr`${find.result.at('flights', 0, 'price')} < ${500} && ${rebook.input.at('mode')} == ${'fast'}`,
    needs: ['sure'],
    compensate: { call: 'agent/bookings/cancel', input: { id: rebook.run.at('id') } },
  });
  rebook.call('tell', 'agent/mail/send', { forEach: rebook.input.at('people'), input: rebook.item, needs: ['book'] });
  const resource = rebook.output({ booking: book.result.at('id') }).toResource({ domain: 'travel' });
  assert.deepEqual(JSON.parse(JSON.stringify(resource.spec.steps)), [
    { id: 'find', call: 'agent/bookings/search', input: { from: '${input.from}', note: '$${not one}' } },
    { id: 'sure', approve: { question: { price: '${steps.find.result.flights[0]["price-cents"]}' }, roles: ['desk'] } },
    {
      id: 'book',
      call: 'agent/bookings/book',
      input: { flight: '${steps.find.result.flights[0].id}' },
      when: 'steps.find.result.flights[0].price < 500 && input.mode == "fast"',
      needs: ['sure'],
      compensate: { call: 'agent/bookings/cancel', input: { id: '${run.id}' } },
    },
    { id: 'tell', call: 'agent/mail/send', input: '${item}', forEach: 'input.people', needs: ['book'] },
  ]);
  assert.equal(JSON.stringify(resource.spec.output), '{"booking":"${steps.book.result.id}"}');
  assert.equal(Resource.safeParse(resource).success, true);
});

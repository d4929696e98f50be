/**
 * The agent that works out facts for the airline's policies: `node examples/airline/facts.ts --data DIR`, with `AIRSPACE_URL` and
 * `AIRSPACE_KEY` of its own. It knows the flight schedule; reservations and customers it is told, or asks the desk for, as part
 * of the same conversation and governed like everybody.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Client, createClient } from '../../src/client/index.ts';
import { type AgentContext, type AgentServer, type Operation, serveAgent } from '../../src/client/serve.ts';
import { loadFlights } from './database.ts';
import { bags, booking, change, compensation, party, Questions, Reservation, type Schedule, trip } from './derive.ts';
import { DESK, FACTS } from './resources.ts';

/** Looks a reservation up at the desk, as part of the call that is answered. */
type LookUp = (id: string, context: AgentContext) => Promise<unknown>;

/** Every fact by the name of its operation. */
export const factOperations = (schedule: Schedule, reservation: LookUp) => ({
  booking: answering(Questions.booking, booking),
  trip: answering(Questions.trip, (question) => trip(schedule, question)),
  change: answering(Questions.change, (question) => change(schedule, question)),
  bags: answering(Questions.bags, bags),
  party: answering(Questions.party, party),
  compensation: answering(Questions.compensation, async ({ user }, context) => {
    const found = await Promise.all(user.reservations.map((id) => reservation(id, context)));
    return compensation(schedule, user, z.array(Reservation).parse(found));
  }),
});

/** A question of another shape is an error, an error is no fact, and without the fact the call is denied. */
const answering =
  <Q extends z.ZodType>(question: Q, answer: (asked: z.output<Q>, context: AgentContext) => unknown): Operation =>
  (input, context) =>
    answer(question.parse(input), context);

const lookUpThrough =
  (client: Client): LookUp =>
  async (id, context) =>
    (await client.within(context).call(DESK.name, 'get_reservation_details', { reservation_id: id })).data;

export interface FactsOptions {
  readonly data: string;
  readonly url: string;
  readonly key: string;
}

export const serveFacts = ({ data, url, key }: FactsOptions): Promise<AgentServer> =>
  serveAgent({
    name: FACTS.name,
    operations: factOperations(loadFlights(data), lookUpThrough(createClient({ url, key }))),
    port: 0,
    hub: { url, key },
    // Said by the denial that follows; a stack of each would only drown the log.
    onError: () => {},
  });

if (import.meta.main) {
  const { data } = parseArgs({ options: { data: { type: 'string' } } }).values;
  const { AIRSPACE_URL: url, AIRSPACE_KEY: key } = process.env;
  if (data === undefined || url === undefined || key === undefined) {
    console.error('usage: AIRSPACE_URL=... AIRSPACE_KEY=... node examples/airline/facts.ts --data DIR');
    process.exit(2);
  }
  const server = await serveFacts({ data, url, key });
  console.log(`listening on ${server.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
}

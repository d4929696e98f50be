/** The airline's database: its shapes, how it is loaded, and the private copy-on-write view that each session works on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const cabin = z.enum(['basic_economy', 'economy', 'business']);
export const flightType = z.enum(['one_way', 'round_trip']);
export const insurance = z.enum(['yes', 'no']);

/**
 * An object that callers give and replies echo. Models add fields of their own, and the recorded desk kept them; here they
 * must be plain values, so that nothing a caller sends can be deep enough to exhaust the stack of whoever prints it.
 */
export const echoed = <S extends z.ZodRawShape>(shape: S) =>
  z.object(shape).catchall(z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const passenger = echoed({ first_name: z.string(), last_name: z.string(), dob: z.string() });
export const payment = echoed({ payment_id: z.string(), amount: z.number() });

const perCabin = z.strictObject({ basic_economy: z.number(), economy: z.number(), business: z.number() });

const flightDay = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('available'), available_seats: perCabin, prices: perCabin }),
  z.looseObject({ status: z.enum(['landed', 'cancelled', 'delayed', 'flying', 'on time']) }),
]);

const flight = z.strictObject({
  flight_number: z.string(),
  origin: z.string(),
  destination: z.string(),
  scheduled_departure_time_est: z.string(),
  scheduled_arrival_time_est: z.string(),
  dates: z.record(z.string(), flightDay),
});

const paymentMethod = z.discriminatedUnion('source', [
  z.looseObject({ source: z.literal('credit_card'), id: z.string() }),
  z.looseObject({ source: z.literal('gift_card'), id: z.string(), amount: z.number() }),
  z.looseObject({ source: z.literal('certificate'), id: z.string(), amount: z.number() }),
]);

const user = z.looseObject({
  payment_methods: z.record(z.string(), paymentMethod),
  reservations: z.array(z.string()),
});

const bookedFlight = z.strictObject({
  flight_number: z.string(),
  date: z.string(),
  price: z.number(),
  origin: z.string(),
  destination: z.string(),
});

const reservation = z.strictObject({
  reservation_id: z.string(),
  user_id: z.string(),
  origin: z.string(),
  destination: z.string(),
  flight_type: flightType,
  cabin,
  flights: z.array(bookedFlight),
  passengers: z.array(passenger),
  payment_history: z.array(payment),
  created_at: z.string(),
  total_baggages: z.number(),
  nonfree_baggages: z.number(),
  insurance,
  status: z.literal('cancelled').optional(),
});

export type Cabin = z.infer<typeof cabin>;
export type Payment = z.infer<typeof payment>;
export type PaymentMethod = z.infer<typeof paymentMethod>;
export type Flight = z.infer<typeof flight>;
export type BookedFlight = z.infer<typeof bookedFlight>;
export type Reservation = z.infer<typeof reservation>;
export type User = z.infer<typeof user>;

/** INVARIANT: shared by every session, so nothing in it is ever changed in place; a tool makes a new object instead. */
export interface Database {
  readonly flights: ReadonlyMap<string, Flight>;
  readonly users: ReadonlyMap<string, User>;
  readonly reservations: ReadonlyMap<string, Reservation>;
}

/** One table as one session sees it: the shared rows, with the rows that this session replaced on top. */
export class Overlay<Row> {
  readonly #base: ReadonlyMap<string, Row>;
  readonly #replaced = new Map<string, Row>();

  constructor(base: ReadonlyMap<string, Row>) {
    this.#base = base;
  }

  get(id: string): Row | undefined {
    return this.#replaced.get(id) ?? this.#base.get(id);
  }

  set(id: string, row: Row): void {
    this.#replaced.set(id, row);
  }
}

/** What a session can see and change. No tool changes flights. */
export interface Session {
  readonly flights: ReadonlyMap<string, Flight>;
  readonly users: Overlay<User>;
  readonly reservations: Overlay<Reservation>;
}

/** A fresh copy of the whole database; costs two empty maps, whatever the size of the database. */
export const openSession = (database: Database): Session => ({
  flights: database.flights,
  users: new Overlay(database.users),
  reservations: new Overlay(database.reservations),
});

/** The value that the record itself holds under `key`, never one it inherits: keys come from callers. */
export const own = <V>(record: Readonly<Record<string, V>>, key: string): V | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/** Reads `flights.json`, `users.json` and `reservations.json` of `dir`. Throws when one is missing or has another shape. */
export const loadDatabase = (dir: string): Database => ({
  flights: loadTable(join(dir, 'flights.json'), flight),
  users: loadTable(join(dir, 'users.json'), user),
  reservations: loadTable(join(dir, 'reservations.json'), reservation),
});

/** The schedule alone, for whoever works with flights and holds no bookings. Throws like `loadDatabase`. */
export const loadFlights = (dir: string): ReadonlyMap<string, Flight> => loadTable(join(dir, 'flights.json'), flight);

const loadTable = <Row>(file: string, row: z.ZodType<Row>): ReadonlyMap<string, Row> => {
  const table: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isTable(row, table)) throw new Error(`\`${file}\` does not have the shape of the airline database`);
  return new Map(Object.entries(table));
};

/** Checks without rebuilding: a parsed copy would have zod's key order, and replies must keep the file's. */
const isTable = <Row>(row: z.ZodType<Row>, table: unknown): table is Record<string, Row> =>
  z.record(z.string(), row).safeParse(table).success;

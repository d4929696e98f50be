/** What the airline's rules must know and Cedar cannot work out of lists, sums and dates. Pure: the desk's own answers in, small facts out. */
import { z } from 'zod';
import { cabin, type Flight, flightType, insurance, own } from './database.ts';

/** The parts of the desk's answers and of a call that are looked at. */
const Booked = z.looseObject({ flight_number: z.string(), date: z.string() });
export const Reservation = z.looseObject({
  origin: z.string(),
  destination: z.string(),
  flight_type: flightType,
  cabin,
  flights: z.array(Booked),
  passengers: z.array(z.unknown()),
  created_at: z.string(),
  insurance,
});
export const User = z.looseObject({
  membership: z.enum(['regular', 'silver', 'gold']),
  payment_methods: z.record(z.string(), z.looseObject({ source: z.enum(['credit_card', 'gift_card', 'certificate']) })),
  reservations: z.array(z.string()),
});
export const Questions = {
  booking: z.looseObject({
    booking: z.looseObject({
      cabin,
      passengers: z.array(z.unknown()),
      payment_methods: z.array(z.looseObject({ payment_id: z.string() })),
      total_baggages: z.int(),
    }),
    user: User,
  }),
  trip: z.looseObject({ reservation: Reservation, now: z.string() }),
  change: z.looseObject({ reservation: Reservation, user: User, flights: z.array(Booked), payment_id: z.string() }),
  bags: z.looseObject({ reservation: Reservation, user: User, total: z.int() }),
  party: z.looseObject({ reservation: Reservation, passengers: z.array(z.unknown()) }),
  compensation: z.looseObject({ user: User }),
} as const;

type Question<K extends keyof typeof Questions> = z.infer<(typeof Questions)[K]>;
type Reservation = z.infer<typeof Reservation>;
type User = z.infer<typeof User>;
export type Schedule = ReadonlyMap<string, Flight>;

/** Free checked bags of one passenger. */
const ALLOWANCE = {
  regular: { basic_economy: 0, economy: 1, business: 2 },
  silver: { basic_economy: 1, economy: 2, business: 3 },
  gold: { basic_economy: 2, economy: 3, business: 3 },
} as const;

const bagsToPay = (user: User, inCabin: Reservation['cabin'], passengers: number, total: number): number =>
  Math.max(0, total - ALLOWANCE[user.membership][inCabin] * passengers);

const sourceOf = (user: User, payment: string): 'credit_card' | 'gift_card' | 'certificate' | 'unknown' =>
  own(user.payment_methods, payment)?.source ?? 'unknown';

export const booking = ({ booking: asked, user }: Question<'booking'>) => {
  const sources = asked.payment_methods.map(({ payment_id }) => sourceOf(user, payment_id));
  const count = (source: string): number => sources.filter((each) => each === source).length;
  return {
    passengers: asked.passengers.length,
    certificates: count('certificate'),
    creditCards: count('credit_card'),
    giftCards: count('gift_card'),
    unknownMethods: count('unknown'),
    bagsToPay: bagsToPay(user, asked.cabin, asked.passengers.length, asked.total_baggages),
  };
};

export const bags = ({ reservation, user, total }: Question<'bags'>) => ({
  bagsToPay: bagsToPay(user, reservation.cabin, reservation.passengers.length, total),
});

export const party = ({ reservation, passengers }: Question<'party'>) => ({
  before: reservation.passengers.length,
  after: passengers.length,
});

const DAY_MS = 86_400_000;

/** The desk writes local times without a zone; all are read in the same one, so differences are right. */
const instant = (text: string): number => Date.parse(`${text}Z`);

export const trip = (schedule: Schedule, { reservation, now }: Question<'trip'>) => {
  const statuses = reservation.flights.map((flight) => statusOf(schedule, flight));
  return {
    within24Hours: instant(now) - instant(reservation.created_at) <= DAY_MS,
    anyFlown: statuses.some((status) => status === 'landed' || status === 'flying'),
    anyCancelledByAirline: statuses.includes('cancelled'),
  };
};

/** Throws for a flight or day that nobody knows: then there is no fact, and no call. */
const statusOf = (schedule: Schedule, { flight_number, date }: z.infer<typeof Booked>): string => {
  const day = own(flightOf(schedule, flight_number).dates, date);
  if (day === undefined) throw new Error(`flight ${flight_number} does not fly on ${date}`);
  return day.status;
};

const flightOf = (schedule: Schedule, number: string): Flight => {
  const flight = schedule.get(number);
  if (flight === undefined) throw new Error(`there is no flight ${number}`);
  return flight;
};

export const change = (schedule: Schedule, { reservation, user, flights, payment_id }: Question<'change'>) => ({
  sameFlights: sameFlights(reservation.flights, flights),
  sameJourney: isJourney(
    reservation,
    flights.map(({ flight_number }) => flightOf(schedule, flight_number)),
  ),
  payment: sourceOf(user, payment_id),
});

const sameFlights = (before: Reservation['flights'], after: Reservation['flights']): boolean => {
  const keys = (flights: Reservation['flights']): string =>
    flights
      .map(({ flight_number, date }) => `${flight_number} ${date}`)
      .sort()
      .join();
  return keys(before) === keys(after);
};

/** One way: from origin to destination. Round trip: by way of the destination back to the origin. */
const isJourney = ({ origin, destination, flight_type }: Reservation, flights: readonly Flight[]): boolean => {
  const [first, last] = [flights[0], flights.at(-1)];
  if (first === undefined || last === undefined) return false;
  const isRound = last.destination === first.origin;
  const there = isRound
    ? flights.some((flight) => flight.destination === destination)
    : last.destination === destination;
  return first.origin === origin && there && isRound === (flight_type === 'round_trip');
};

/**
 * Amounts that some reservation of the user gives a right to. A delayed flight is no longer in a reservation that was changed
 * because of it, as the policy asks, so half a hundred is tied to the number of passengers only.
 */
export const compensation = (schedule: Schedule, user: User, reservations: readonly Reservation[]) => {
  const entitled = reservations.filter(
    (each) => user.membership !== 'regular' || each.insurance === 'yes' || each.cabin === 'business',
  );
  const hit = entitled.filter(({ flights }) => flights.some((flight) => statusOf(schedule, flight) === 'cancelled'));
  return {
    eligible: entitled.length > 0 || user.membership !== 'regular',
    forCancelled: hit.map(({ passengers }) => 100 * passengers.length),
    forDelayed: entitled.map(({ passengers }) => 50 * passengers.length),
  };
};

/** What the desk knows about flights: the airports, the two searches, and the checks that put a price on a flight. */
import { type BookedFlight, type Cabin, type Flight, own, type Session } from './database.ts';
import { refuse } from './refusal.ts';
import type { FlightChoice, ToolArgs } from './tools.ts';

/** Airport code to city, in the order in which the desk lists them. */
export const airports = {
  SFO: 'San Francisco',
  JFK: 'New York',
  LAX: 'Los Angeles',
  ORD: 'Chicago',
  DFW: 'Dallas',
  DEN: 'Denver',
  SEA: 'Seattle',
  ATL: 'Atlanta',
  MIA: 'Miami',
  BOS: 'Boston',
  PHX: 'Phoenix',
  IAH: 'Houston',
  LAS: 'Las Vegas',
  MCO: 'Orlando',
  EWR: 'Newark',
  CLT: 'Charlotte',
  MSP: 'Minneapolis',
  DTW: 'Detroit',
  PHL: 'Philadelphia',
  LGA: 'LaGuardia',
} as const;

type Search = ToolArgs<'search_direct_flight'>;

/** Flights of the pair with seats for sale on the date, each with that day's seats and prices. */
export const searchDirect = ({ flights }: Session, { origin, destination, date }: Search): readonly object[] =>
  [...flights.values()]
    .filter((flight) => flight.origin === origin && flight.destination === destination && isOpen(flight, date))
    .map((flight) => onDay(flight, date));

/** Pairs of flights that meet in one city; with the recorded desk's quirks, each marked where it happens. */
export const searchOneStop = ({ flights }: Session, search: Search): readonly (readonly object[])[] => {
  const all = [...flights.values()];
  const seconds = all.filter((flight) => flight.destination === search.destination);
  return all
    .filter((first) => first.origin === search.origin)
    .flatMap((first) =>
      seconds.filter((second) => connects(first, second, search.date)).map((second) => [first, second]),
    )
    .map(([first, second]) => legs(first!, second!, search.date));
};

const connects = (first: Flight, second: Flight, date: string): boolean =>
  first.destination === second.origin &&
  // Quirk: times are compared as text, so an arrival at `01:00:00+1` counts as early in the morning.
  first.scheduled_arrival_time_est <= second.scheduled_departure_time_est &&
  isOpen(first, date) &&
  isOpen(second, secondDate(first, date));

/** Quirk: the day after is the day of the month plus one, never padded, always in May 2024. */
const secondDate = (first: Flight, date: string): string =>
  first.scheduled_arrival_time_est.includes('+1') ? `2024-05-${Number(date.slice(-2)) + 1}` : date;

/** Quirk: the second leg shows the seats and prices of the first date, and fails when it has none. */
const legs = (first: Flight, second: Flight, date: string): readonly object[] => [
  { ...onDay(first, date), date },
  { ...onDay(second, date), date: secondDate(first, date) },
];

const isOpen = (flight: Flight, date: string): boolean => own(flight.dates, date)?.status === 'available';

const onDay = (flight: Flight, date: string): object => {
  const { dates, ...facts } = flight;
  const day = own(dates, date) ?? refuse(`flight ${flight.flight_number} not found on date ${date}`);
  return { ...facts, ...day };
};

/** The chosen flight at today's price, after the four checks of a booking. `seats` is how many must be free in the cabin. */
export const priceFlight = (session: Session, choice: FlightChoice, cabin: Cabin, seats: number): BookedFlight => {
  const { flight_number: number, date } = choice;
  const flight = session.flights.get(number) ?? refuse(`flight ${number} not found`);
  const day = own(flight.dates, date) ?? refuse(`flight ${number} not found on date ${date}`);
  if (day.status !== 'available') return refuse(`flight ${number} not available on date ${date}`);
  if (day.available_seats[cabin] < seats) refuse(`not enough seats on flight ${number}`);
  return { ...choice, price: day.prices[cabin], origin: flight.origin, destination: flight.destination };
};

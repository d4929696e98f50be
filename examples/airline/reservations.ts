/** What the desk does with reservations: book, cancel, and change flights, bags or passengers. Checks first, then changes. */
import type { BookedFlight, Payment, Reservation, Session } from './database.ts';
import { priceFlight } from './flights.ts';
import { payBooking, payChange } from './payments.ts';
import { refuse } from './refusal.ts';
import type { FlightChoice, ToolArgs } from './tools.ts';
import { findUser } from './users.ts';

/** The recorded desk knew three ids for new reservations, tried in this order, and one moment: its own "now". */
const newIds = ['HATHAT', 'HATHAU', 'HATHAV'];
const now = '2024-05-15T15:00:00';

const bagPrice = 50;
const insurancePrice = 30;

export const findReservation = (session: Session, id: string, missing: string): Reservation =>
  session.reservations.get(id) ?? refuse(missing);

const known = (session: Session, id: string): Reservation => findReservation(session, id, 'reservation not found');

const sumOfPrices = (flights: readonly BookedFlight[]): number =>
  flights.reduce((sum, flight) => sum + flight.price, 0);

const store = (session: Session, reservation: Reservation): Reservation => {
  session.reservations.set(reservation.reservation_id, reservation);
  return reservation;
};

export const book = (session: Session, args: ToolArgs<'book_reservation'>): Reservation => {
  const user = findUser(session, args.user_id);
  const flights = args.flights.map((choice) => priceFlight(session, choice, args.cabin, args.passengers.length));
  const payer = payBooking(user, args.payment_methods, bookingPrice(flights, args));
  const id = newIds.find((candidate) => session.reservations.get(candidate) === undefined);
  if (id === undefined) return refuse('no reservation id left');
  session.users.set(args.user_id, { ...payer, reservations: [...payer.reservations, id] });
  return store(session, newReservation(id, flights, args));
};

const bookingPrice = (flights: readonly BookedFlight[], args: ToolArgs<'book_reservation'>): number =>
  sumOfPrices(flights) * args.passengers.length +
  (args.insurance === 'yes' ? insurancePrice * args.passengers.length : 0) +
  bagPrice * args.nonfree_baggages;

const newReservation = (id: string, flights: BookedFlight[], args: ToolArgs<'book_reservation'>): Reservation => ({
  reservation_id: id,
  user_id: args.user_id,
  origin: args.origin,
  destination: args.destination,
  flight_type: args.flight_type,
  cabin: args.cabin,
  flights,
  passengers: args.passengers,
  payment_history: args.payment_methods,
  created_at: now,
  total_baggages: args.total_baggages,
  nonfree_baggages: args.nonfree_baggages,
  insurance: args.insurance,
});

/** Quirk: nothing is checked, so a second cancellation also takes back the refunds of the first. */
export const cancel = (session: Session, { reservation_id: id }: ToolArgs<'cancel_reservation'>): Reservation => {
  const reservation = known(session, id);
  const refunds = reservation.payment_history.map((paid) => ({ ...paid, amount: 0 - paid.amount })); // `-amount` has a -0
  return store(session, {
    ...reservation,
    payment_history: [...reservation.payment_history, ...refunds],
    status: 'cancelled',
  });
};

/** Quirk: the reservation keeps saying the cabin it was booked in, also when its flights are now priced in another. */
export const updateFlights = (session: Session, args: ToolArgs<'update_reservation_flights'>): Reservation => {
  const reservation = known(session, args.reservation_id);
  const flights = args.flights.map((choice) => keptOrPriced(session, reservation, choice, args.cabin));
  const difference = (sumOfPrices(flights) - sumOfPrices(reservation.flights)) * reservation.passengers.length;
  charge(session, reservation, args.payment_id, difference);
  return store(session, { ...withPayment(reservation, args.payment_id, difference), flights });
};

const keptOrPriced = (
  session: Session,
  reservation: Reservation,
  choice: FlightChoice,
  cabin: Reservation['cabin'],
): BookedFlight => {
  const kept = reservation.flights.find(
    (flight) => flight.flight_number === choice.flight_number && flight.date === choice.date,
  );
  if (kept === undefined || cabin !== reservation.cabin) {
    return priceFlight(session, choice, cabin, reservation.passengers.length);
  }
  return { ...choice, price: kept.price, origin: kept.origin, destination: kept.destination };
};

/** Fewer non-free bags than before cost nothing and give nothing back. */
export const updateBaggages = (session: Session, args: ToolArgs<'update_reservation_baggages'>): Reservation => {
  const reservation = known(session, args.reservation_id);
  const price = bagPrice * Math.max(0, args.nonfree_baggages - reservation.nonfree_baggages);
  charge(session, reservation, args.payment_id, price);
  return store(session, {
    ...withPayment(reservation, args.payment_id, price),
    total_baggages: args.total_baggages,
    nonfree_baggages: args.nonfree_baggages,
  });
};

const charge = (session: Session, reservation: Reservation, paymentId: string, price: number): void => {
  const owner = findUser(session, reservation.user_id);
  session.users.set(reservation.user_id, payChange(owner, paymentId, price));
};

const withPayment = (reservation: Reservation, paymentId: string, amount: number): Reservation => {
  if (amount === 0) return reservation;
  const payment: Payment = { payment_id: paymentId, amount };
  return { ...reservation, payment_history: [...reservation.payment_history, payment] };
};

export const updatePassengers = (session: Session, args: ToolArgs<'update_reservation_passengers'>): Reservation => {
  const reservation = known(session, args.reservation_id);
  if (args.passengers.length !== reservation.passengers.length) refuse('number of passengers does not match');
  return store(session, { ...reservation, passengers: args.passengers });
};

/** A tiny invented airline, so that the desk's tests need no data from elsewhere. Frozen: a tool that changes it in place throws. */
import type { Database, Flight, Reservation, User } from './database.ts';

const seats = (basic_economy: number, economy: number, business: number) => ({ basic_economy, economy, business });

const forSale = (free: number, price: number): Flight['dates'][string] => ({
  status: 'available',
  available_seats: seats(free, free, 1),
  prices: seats(price, price + 50, price + 300),
});

const flight = (flight_number: string, path: string, times: string, dates: Flight['dates']): Flight => {
  const [origin, destination] = path.split('-') as [string, string];
  const [scheduled_departure_time_est, scheduled_arrival_time_est] = times.split(' ') as [string, string];
  return { flight_number, origin, destination, scheduled_departure_time_est, scheduled_arrival_time_est, dates };
};

const flights: readonly Flight[] = [
  flight('ZZ1', 'SEA-DEN', '08:00:00 10:00:00', {
    '2024-05-20': forSale(4, 100),
    '2024-05-21': { status: 'cancelled' },
  }),
  flight('ZZ2', 'SEA-DEN', '22:00:00 01:00:00+1', { '2024-05-20': forSale(2, 80) }),
  flight('ZZ3', 'DEN-MIA', '12:00:00 15:00:00', { '2024-05-20': forSale(9, 60), '2024-05-21': forSale(9, 61) }),
  flight('ZZ4', 'DEN-MIA', '09:00:00 11:00:00', { '2024-05-20': forSale(9, 70) }),
  flight('ZZ5', 'SEA-MIA', '06:00:00 12:00:00', { '2024-05-20': { status: 'delayed' } }),
  flight('ZZ6', 'PHX-BOS', '20:00:00 02:00:00+1', { '2024-05-20': forSale(3, 90) }),
  flight('ZZ7', 'BOS-MIA', '05:00:00 08:00:00', { '2024-05-21': forSale(3, 40) }),
];

const users: Readonly<Record<string, User>> = {
  tove_brandt_1: {
    name: { first_name: 'Tove', last_name: 'Brandt' },
    address: { city: 'Århus', state: 'DK' },
    payment_methods: {
      credit_card_1: { source: 'credit_card', brand: 'visa', last_four: '0001', id: 'credit_card_1' },
      gift_card_1: { source: 'gift_card', amount: 120, id: 'gift_card_1' },
      certificate_1: { source: 'certificate', amount: 100, id: 'certificate_1' },
    },
    reservations: ['KEPT01'],
  },
};

const reservations: Readonly<Record<string, Reservation>> = {
  KEPT01: {
    reservation_id: 'KEPT01',
    user_id: 'tove_brandt_1',
    origin: 'SEA',
    destination: 'MIA',
    flight_type: 'one_way',
    cabin: 'economy',
    flights: [
      { origin: 'SEA', destination: 'DEN', flight_number: 'ZZ1', date: '2024-05-20', price: 110 },
      { origin: 'DEN', destination: 'MIA', flight_number: 'ZZ3', date: '2024-05-20', price: 90 },
    ],
    passengers: [
      { first_name: 'Tove', last_name: 'Brandt', dob: '1990-01-01' },
      { first_name: 'Ib', last_name: 'Brandt', dob: '1991-02-02' },
    ],
    payment_history: [{ payment_id: 'credit_card_1', amount: 400 }],
    created_at: '2024-05-01T10:00:00',
    total_baggages: 2,
    nonfree_baggages: 1,
    insurance: 'no',
  },
};

const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
};

/** The same as the three files of a data folder: name without `.json` to content. */
export const sampleTables = freeze({
  flights: Object.fromEntries(flights.map((one) => [one.flight_number, one])),
  users,
  reservations,
});

export const sampleDatabase: Database = {
  flights: new Map(Object.entries(sampleTables.flights)),
  users: new Map(Object.entries(sampleTables.users)),
  reservations: new Map(Object.entries(sampleTables.reservations)),
};

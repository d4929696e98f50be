/** The three domains of the desk, by what their tools are about. */
import { type ToolName, toolNames, tools } from '../tools.ts';

export const DOMAINS = ['bookings', 'customers', 'payments'] as const;
export type DomainName = (typeof DOMAINS)[number];

/** Flights and reservations, people, and what moves money. */
const DOMAIN_OF: Readonly<Record<ToolName, DomainName>> = {
  book_reservation: 'payments',
  calculate: 'customers',
  cancel_reservation: 'payments',
  get_reservation_details: 'bookings',
  get_user_details: 'customers',
  list_all_airports: 'bookings',
  search_direct_flight: 'bookings',
  search_onestop_flight: 'bookings',
  send_certificate: 'customers',
  think: 'customers',
  transfer_to_human_agents: 'customers',
  update_reservation_baggages: 'payments',
  update_reservation_flights: 'payments',
  update_reservation_passengers: 'bookings',
};

export const domainOf = (tool: ToolName): DomainName => DOMAIN_OF[tool];

/** The operation by which a part of the desk says whether a call ran. */
export const RAN = 'ran';

/** As they are declared: what changes something can be asked about, and is never sent twice blindly. */
export const operationsOf = (domain: DomainName): readonly object[] => [
  { name: RAN, effect: 'read' },
  ...toolNames
    .filter((name) => domainOf(name) === domain)
    .map((name) => {
      const { effect } = tools[name];
      return effect === 'read' ? { name, effect } : { name, effect, reconcile: { ask: RAN } };
    }),
];

/** The airline desk: 14 tools over a private copy of the database. Pure but for that copy; the agent process is its door. */
import { calculate } from './calculate.ts';
import { type Database, openSession, type Session } from './database.ts';
import { airports, searchDirect, searchOneStop } from './flights.ts';
import { dumps } from './python-text.ts';
import { Refusal } from './refusal.ts';
import { book, cancel, findReservation, updateBaggages, updateFlights, updatePassengers } from './reservations.ts';
import { BadCall, checkArgs, isTool, type ToolArgs, type ToolName, toolNames } from './tools.ts';
import { findUser, sendCertificate } from './users.ts';

export interface Desk {
  /**
   * Runs a tool and gives the reply: JSON text, a sentence, or `Error: ` and why the desk said no (nothing has changed then).
   * Throws `BadCall` when there is no such tool or the arguments are not its arguments.
   */
  call(tool: string, args: unknown): string;
}

/** Whether a reply is JSON text; the desk's sentences, also the calculator's numbers, never begin like an object or a list. */
export const isJsonReply = (reply: string): boolean => /^[[{]/.test(reply);

type Tools = { readonly [T in ToolName]: (session: Session, args: ToolArgs<T>) => string };

const replies: Tools = {
  book_reservation: (session, args) => dumps(book(session, args)),
  calculate: (_session, { expression }) => calculate(expression),
  cancel_reservation: (session, args) => dumps(cancel(session, args)),
  // The recorded desk says `user not found` here too.
  get_reservation_details: (session, args) => dumps(findReservation(session, args.reservation_id, 'user not found')),
  get_user_details: (session, args) => dumps(findUser(session, args.user_id)),
  list_all_airports: () => dumps(airports),
  search_direct_flight: (session, args) => dumps(searchDirect(session, args)),
  search_onestop_flight: (session, args) => dumps(searchOneStop(session, args)),
  send_certificate: sendCertificate,
  think: () => '',
  transfer_to_human_agents: () => 'Transfer successful',
  update_reservation_baggages: (session, args) => dumps(updateBaggages(session, args)),
  update_reservation_flights: (session, args) => dumps(updateFlights(session, args)),
  update_reservation_passengers: (session, args) => dumps(updatePassengers(session, args)),
};

/** A desk on a fresh copy of the database. Cheap: open one per conversation. */
export const openDesk = (database: Database): Desk => {
  const session = openSession(database);
  return {
    call: (tool, args) => {
      if (!isTool(tool)) {
        throw new BadCall('unknown-tool', `there is no tool \`${tool}\`; the desk has ${toolNames.join(', ')}`);
      }
      return run(session, tool, args);
    },
  };
};

const run = <T extends ToolName>(session: Session, tool: T, args: unknown): string => {
  checkArgs(tool, args);
  try {
    return replies[tool](session, args);
  } catch (error) {
    if (error instanceof Refusal) return `Error: ${error.message}`;
    throw error;
  }
};

/** The 14 tools of the airline desk: their arguments and their effect, said once for the desk, its door and the evaluation. */
import { z } from 'zod';
import { cabin, echoed, flightType, insurance, passenger, payment } from './database.ts';

/** What a tool does to the world: nothing, something that another call can correct, or something that none can. */
export type Effect = 'read' | 'write' | 'irreversible';

const choice = echoed({ flight_number: z.string(), date: z.string() });

const tool = <E extends Effect, A extends z.ZodRawShape>(effect: E, args: A) => ({
  effect,
  args: z.strictObject(args),
});

/** Every tool by name. An argument that the tool does not have is refused, as one that is missing is. */
export const tools = {
  book_reservation: tool('write', {
    user_id: z.string(),
    origin: z.string(),
    destination: z.string(),
    flight_type: flightType,
    cabin,
    flights: z.array(choice),
    passengers: z.array(passenger),
    payment_methods: z.array(payment),
    total_baggages: z.int(),
    nonfree_baggages: z.int(),
    insurance,
  }),
  calculate: tool('read', { expression: z.string() }),
  // No other tool brings a cancelled reservation back, and cancelling twice refunds the refund.
  cancel_reservation: tool('irreversible', { reservation_id: z.string() }),
  get_reservation_details: tool('read', { reservation_id: z.string() }),
  get_user_details: tool('read', { user_id: z.string() }),
  list_all_airports: tool('read', {}),
  search_direct_flight: tool('read', { origin: z.string(), destination: z.string(), date: z.string() }),
  search_onestop_flight: tool('read', { origin: z.string(), destination: z.string(), date: z.string() }),
  send_certificate: tool('write', { user_id: z.string(), amount: z.number() }),
  think: tool('read', { thought: z.string() }),
  // The database stays as it is, but a person is called in: a blind second try would call in two.
  transfer_to_human_agents: tool('write', { summary: z.string() }),
  update_reservation_baggages: tool('write', {
    reservation_id: z.string(),
    total_baggages: z.int(),
    nonfree_baggages: z.int(),
    payment_id: z.string(),
  }),
  update_reservation_flights: tool('write', {
    reservation_id: z.string(),
    cabin,
    flights: z.array(choice),
    payment_id: z.string(),
  }),
  update_reservation_passengers: tool('write', { reservation_id: z.string(), passengers: z.array(passenger) }),
} as const;

export type ToolName = keyof typeof tools;
export type ToolArgs<T extends ToolName> = z.infer<(typeof tools)[T]['args']>;
/** A flight as a caller asks for it: number and date. */
export type FlightChoice = z.infer<typeof choice>;

/** The names of the 14 tools, in alphabetical order. */
export const toolNames = Object.keys(tools) as readonly ToolName[];

export const isTool = (name: string): name is ToolName => Object.hasOwn(tools, name);

/** A call that no tool can answer: its name or its arguments are wrong. The desk has done nothing. */
export class BadCall extends Error {
  readonly reason: 'unknown-tool' | 'bad-arguments';
  constructor(reason: BadCall['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Throws `BadCall` unless `args` are arguments of `tool`. Keeps the value as it came: replies echo the caller's key order. */
export function checkArgs<T extends ToolName>(tool: T, args: unknown): asserts args is ToolArgs<T> {
  const checked = tools[tool].args.safeParse(args);
  if (checked.success) return;
  const where = checked.error.issues.map((issue) => `${issue.path.join('.') || 'arguments'}: ${issue.message}`);
  throw new BadCall('bad-arguments', `\`${tool}\` does not take these arguments: ${where.slice(0, 5).join('; ')}`);
}

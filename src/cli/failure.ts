/** How a command ends when it does not end well: one exit code from one list, and words that say what to do. */

/** Scripts depend on these: additive only. */
export const EXIT = {
  ok: 0,
  /** The answer is no: a difference, a failed check, a target that answered with an error. */
  no: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  notPermitted: 5,
  conflict: 6,
  timedOut: 7,
  denied: 8,
  /** An account has too little left. */
  overBudget: 9,
  held: 10,
  /** A defect of ours. */
  internal: 70,
  /** The answer could not be written. */
  output: 74,
  interrupted: 130,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

export interface FailureDetails {
  readonly because?: string;
  /** A command or a step that helps. */
  readonly try?: string;
  /** Stable code for programs. */
  readonly code?: string;
}

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exit: Exit;
  readonly details: FailureDetails;

  constructor(exit: Exit, message: string, details: FailureDetails = {}) {
    super(message);
    this.exit = exit;
    this.details = details;
  }
}

export const usage = (message: string, hint?: string): Failure =>
  new Failure(EXIT.usage, message, { code: 'usage', ...(hint === undefined ? {} : { try: hint }) });

/** A problem document of any door, as far as it is one: nothing in it is trusted to be there. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly executed: string;
}

export const problemOf = (status: number, value: unknown): Problem => {
  const fields: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const { facts } = fields;
  return {
    status,
    code: text('code'),
    detail: text('detail') || `the answer was status ${status}`,
    facts: typeof facts === 'object' && facts !== null ? { ...facts } : {},
    executed: text('executed'),
  };
};

/** What an administrative request that was refused means for the command. */
export const refusalOf = ({ code, detail, status, facts }: Problem): Failure => {
  const more = Array.isArray(facts['problems']) ? facts['problems'].map(String).slice(0, 20) : [];
  const details = {
    code: code || `http-${status}`,
    ...(more.length > 1 ? { because: more.join('\n           ') } : {}),
  };
  const exits: Readonly<Record<string, Exit>> = {
    bad_request: EXIT.usage,
    too_large: EXIT.usage,
    unauthenticated: EXIT.notPermitted,
    denied: EXIT.notPermitted,
    not_found: EXIT.notFound,
    conflict: EXIT.conflict,
    timeout: EXIT.timedOut,
    expired: EXIT.timedOut,
  };
  const exit = Object.hasOwn(exits, code) ? exits[code]! : EXIT.unreachable;
  const hint = HINTS[code];
  return new Failure(exit, detail, hint === undefined ? details : { ...details, try: hint });
};

const HINTS: Readonly<Record<string, string>> = {
  unauthenticated: 'pass a key with --key, set AIRSPACE_KEY, or run where `airspace up` wrote ./.airspace',
  conflict: 'look at `airspace diff -f ...` against the present, then apply again',
};

/** Pieces that conversations with servers are made of: what is known here already, and what has to be let go of at the end. */
import type { Talk } from './answering.ts';
import type { Leash } from './leash.ts';
import type { Said } from './said.ts';
import type { Session } from './sessions.ts';

export const EMPTY: Said = { kind: 'result', result: '{}' };

/** The server need not be asked. */
export const local = (era: Talk['era'], said: Said): Talk => ({ said: once(said), era, stop: () => {} });

export async function* once(said: Said): AsyncGenerator<Said> {
  yield said;
}

export async function* tied(leash: Leash, said: AsyncGenerator<Said>): AsyncGenerator<Said> {
  try {
    yield* said;
  } finally {
    leash.untie();
  }
}

export async function* using(session: Session, said: AsyncGenerator<Said>): AsyncGenerator<Said> {
  session.inFlight++;
  try {
    yield* said;
  } finally {
    session.inFlight--;
  }
}

/**
 * What legacy servers ask on the standing stream of a session while a call of it runs: some do not ask on the stream of the call itself.
 * The stream is open as long as a call runs whose client can be asked.
 */
import { Fault, type Scope } from '../../contract/index.ts';
import { errorText } from '../../dialects/mcp/index.ts';
import { Inbox } from './inbox.ts';
import { Leash } from './leash.ts';
import { announced, tell } from './legacy.ts';
import type { Said } from './said.ts';
import type { Session } from './sessions.ts';
import type { Wire } from './wire.ts';

interface Follower {
  readonly leash: Leash;
  readonly inboxes: Set<Inbox>;
  readonly isOpen: Promise<void>;
}

const QUIET_MS = 3_600_000;

export class Followers {
  readonly #open = new Map<Session, Follower>();

  /** Resolves when the server listens, or has said that it has no such stream. */
  async join(wire: Wire, session: Session): Promise<Inbox> {
    const follower = this.#open.get(session) ?? this.#follow(wire, session);
    const inbox = new Inbox();
    follower.inboxes.add(inbox);
    try {
      await orOver(follower.isOpen, wire.scope);
    } catch (thrown) {
      this.leave(session, inbox);
      throw thrown;
    }
    return inbox;
  }

  leave(session: Session, inbox: Inbox): void {
    const follower = this.#open.get(session);
    if (follower === undefined || !follower.inboxes.delete(inbox) || follower.inboxes.size > 0) return;
    this.#open.delete(session);
    follower.leash.cancel(new Fault('cancelled', 'no call of this session runs any more'));
  }

  #follow(wire: Wire, session: Session): Follower {
    const leash = new Leash(wire.scope, true);
    leash.untie();
    const inboxes = new Set<Inbox>();
    const own = { ...wire, scope: leash.scope };
    const said = announced(own, session, QUIET_MS, (message, json) => {
      const [oldest] = inboxes;
      if (oldest !== undefined && message.method !== 'ping') return oldest.put({ message, json });
      const error = { code: -32601, message: 'nobody is there to be asked' };
      tell(own, session, errorText(message.id, error)).catch(() => {});
    });
    const first = said.next();
    const follower: Follower = { leash, inboxes, isOpen: first.then(nothing, nothing) };
    this.#open.set(session, follower);
    first.then(() => drained(said)).catch(nothing);
    return follower;
  }
}

const nothing = (): void => {};

const drained = async (said: AsyncGenerator<Said>): Promise<void> => {
  for await (const _ of said);
};

const orOver = (work: Promise<void>, { signal }: Scope): Promise<void> =>
  new Promise((resolve, reject) => {
    const forget = signal.onCancel(reject);
    void work.then(() => {
      forget();
      resolve();
    });
  });

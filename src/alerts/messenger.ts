/**
 * Tells other systems of incidents: signed, tried again until it is taken, each in the order in which things were. What the other side
 * has taken is in the record itself, so that a restart neither forgets nor repeats.
 */
import type { Clock, Incident } from '../contract/index.ts';
import { repeat, retryAfterMs, type SignedMessage, signedMessage } from '../kernel/index.ts';
import type { Book } from './book.ts';

export interface MessengerParts {
  readonly book: Book;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ed25519 of the node. */
  readonly sign: (text: string) => Uint8Array;
  /** Resolves when the other side has taken it; throws otherwise. */
  readonly post: (url: string, message: SignedMessage) => Promise<void>;
  /** Must not throw. */
  readonly failed: (incident: Incident, tries: number, cause: unknown) => void;
}

const LOOK_MS = 2_000;
/** Of what is over nobody needs to hear a day later, and what nobody takes must not pile up. */
const GIVE_UP_MS = 24 * 3_600_000;

interface Trying {
  readonly tries: number;
  /** Monotonic. */
  readonly nextMs: number;
}

export class Messenger {
  readonly #parts: MessengerParts;
  readonly #trying = new Map<string, Trying>();

  constructor(parts: MessengerParts) {
    this.#parts = parts;
  }

  /** Ends with the call of what it answers. */
  start(): () => void {
    return repeat(this.#parts.clock, LOOK_MS, () => this.look(), 0);
  }

  /** One message of each incident at most. Never throws. */
  async look(): Promise<void> {
    const { book, failed } = this.#parts;
    const waiting = book.unfinished().filter((incident) => nextOf(incident) !== undefined);
    await Promise.all(
      waiting.map((incident) =>
        // The store is away: the other side gets the message again, with the same id.
        this.#tell(incident).catch((cause: unknown) => failed(incident, 1, cause)),
      ),
    );
  }

  async #tell(incident: Incident): Promise<void> {
    const { book, clock, post, sign, failed, random } = this.#parts;
    const { id } = incident;
    const { tries, nextMs } = this.#trying.get(id) ?? { tries: 0, nextMs: 0 };
    if (nextMs > clock.nowMs()) return;
    const telling = nextOf(incident);
    if (telling === undefined) return;
    try {
      await post(incident.webhook, messageOf(incident, telling, clock.wallMs(), sign));
    } catch (cause) {
      failed(incident, tries + 1, cause);
      this.#trying.set(id, { tries: tries + 1, nextMs: clock.nowMs() + retryAfterMs(tries + 1, random) });
      if (clock.wallMs() - (incident.endedAtMs ?? clock.wallMs()) < GIVE_UP_MS) return;
      await book.change(id, (now) => ({ ...now, told: 'ended' }));
      this.#trying.delete(id);
      return;
    }
    await book.change(id, (now) => ({ ...now, told: telling }));
    this.#trying.delete(id);
  }
}

type Telling = Exclude<Incident['told'], 'nothing'>;

/** In the order in which things were. Undefined: all is told. */
const nextOf = ({ webhook, told, acknowledged, endedAtMs }: Incident): Telling | undefined => {
  if (webhook === '' || told === 'ended') return undefined;
  if (told === 'nothing') return 'opened';
  if (told === 'opened' && acknowledged !== undefined) return 'acknowledged';
  return endedAtMs === null ? undefined : 'ended';
};

const messageOf = (
  { id, tenant, alert, severity, signal, text, openedAtMs, endedAtMs, ended, acknowledged }: Incident,
  telling: Telling,
  wallMs: number,
  sign: MessengerParts['sign'],
): SignedMessage => {
  const over = telling === 'ended' ? { endedAtMs, ended } : {};
  const seen = telling === 'acknowledged' ? { acknowledged } : {};
  const about = { incident: id, tenant, alert, severity, signal, text, openedAtMs };
  const body = JSON.stringify({ type: `incident.${telling}`, ...about, ...seen, ...over });
  return signedMessage(`${id}.${telling}`, body, wallMs, sign);
};

/** What became of an alert that fired: one record from the moment it fired until it was over, kept over restarts. */
import type { AlertSpec } from './resources/index.ts';

export interface Incident {
  /** 32 hex digits. */
  readonly id: string;
  readonly tenant: string;
  /** Name of the Alert. */
  readonly alert: string;
  /** The hub that looked; of several over one store, each looks at its own calls. */
  readonly node: string;
  readonly severity: AlertSpec['severity'];
  readonly signal: AlertSpec['signal'];
  /** What was so when it fired. */
  readonly text: string;
  /** Unix ms. */
  readonly openedAtMs: number;
  /** Unix ms; null while it is open. */
  readonly endedAtMs: number | null;
  /** Why it is over; empty while it is open. */
  readonly ended: string;
  /** Absent: nobody has said that they look after it. */
  readonly acknowledged?: Acknowledgement;
  /** Where to tell; empty: nowhere. */
  readonly webhook: string;
  /** The last that the other side has taken of it. */
  readonly told: 'nothing' | 'opened' | 'acknowledged' | 'ended';
}

/** Somebody looks after it. It stays open. */
export interface Acknowledgement {
  /** `user/ada`. */
  readonly by: string;
  /** Unix ms. */
  readonly atMs: number;
  /** In their words; may be empty. */
  readonly note: string;
}

/** Over, and told to whoever is to hear of it. */
export const isFinished = ({ endedAtMs, webhook, told }: Incident): boolean =>
  endedAtMs !== null && (webhook === '' || told === 'ended');

/** `ok`: it is not so. `pending`: it is so, and not yet for long enough. `firing`: there is an incident. */
export type AlertState = 'ok' | 'pending' | 'firing';

/** An alert as operators see it. */
export interface AlertView {
  readonly name: string;
  readonly signal: AlertSpec['signal'];
  readonly severity: AlertSpec['severity'];
  readonly state: AlertState;
  /** Unix ms at which it came into this state; null when nobody has looked yet. */
  readonly sinceMs: number | null;
  /** What was so at the last look, in words. */
  readonly text: string;
  /** Id of the incident that is open; empty: none. */
  readonly incident: string;
}

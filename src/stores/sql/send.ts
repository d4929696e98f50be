/** The two transactions around a call (reliability 3.11): all that must be true before it is sent, and what became of it. */
import type { AccountState, Reservation, Reserved } from '../../contract/index.ts';
import type { Refusal } from '../refusals.ts';
import { type BurnArgs, burnGrant, grantRefusal } from './approvals.ts';
import { appendAudit, type ChainedArgs } from './audit.ts';
import {
  acceptCall,
  type ConcludeArgs,
  concludeCall,
  dispatchCall,
  type ResolveArgs,
  readCall,
  releaseCall,
  resolveCall,
} from './calls.ts';
import { holdAll, type SettleArgs, settleReservation } from './ledger.ts';
import type { Session } from './statement.ts';
import type { CallRow } from './tables.ts';

export interface BeginArgs {
  readonly row: CallRow | null;
  readonly dispatch: { readonly id: string; readonly policyVersion: string } | null;
  readonly grant: BurnArgs | null;
  readonly reservation: Reservation | null;
  readonly audit: readonly ChainedArgs[];
  readonly atMs: number;
}

export type BegunRow =
  | { readonly kind: 'begun' }
  | { readonly kind: 'taken'; readonly row: CallRow }
  | { readonly kind: 'no_grant'; readonly why: string }
  | Extract<Reserved, { kind: 'overdrawn' }>;

/** First everything that may refuse, then everything that must succeed: what does not lost a race, and throws to look again. */
export const beginCall = async (session: Session, args: BeginArgs): Promise<BegunRow | Refusal> => {
  const { row, dispatch, grant, reservation, audit, atMs } = args;
  const waits = dispatch === null ? null : await waitingRefusal(session, dispatch.id);
  if (waits !== null) return waits;
  // The same call again hears of its record, and not that its grant is burned or its money gone: it was the one that took them.
  const holder = row === null ? null : await acceptCall(session, row);
  if (holder !== null) return { kind: 'taken', row: holder };
  const why = grant === null ? null : await grantRefusal(session, grant, atMs);
  const short = why !== null || reservation === null ? null : await holdAll(session, reservation, atMs);
  if (why !== null || short !== null) {
    if (row !== null) await releaseCall(session, row);
    return why === null ? short! : { kind: 'no_grant', why };
  }
  if (dispatch !== null && (await dispatchCall(session, dispatch)) !== null) throw raced(dispatch.id);
  if (grant !== null && !(await burnGrant(session, grant, atMs))) throw raced(grant.approval);
  if (audit.length > 0) await appendAudit(session, audit);
  return { kind: 'begun' };
};

const waitingRefusal = async (session: Session, id: string): Promise<Refusal | null> => {
  const row = await readCall(session, { id });
  if (row === undefined) return { refusal: 'unknownCall', details: [id] };
  if (row.state === 'accepted') return null;
  return { refusal: 'wrongState', details: [id, 'accepted', row.state as 'done'] };
};

/** Undoes the transaction; alone, the command finds what the other one wrote. */
const raced = (id: string): Error => new Error(`${id} was changed by another process meanwhile`);

export interface EndArgs {
  readonly id: string;
  readonly conclude: ConcludeArgs | null;
  readonly forget: boolean;
  readonly settle: SettleArgs | null;
  readonly audit: readonly ChainedArgs[];
}

export interface EndedRows {
  readonly concluded: boolean;
  readonly overdrawn: readonly AccountState[];
}

export const endCall = async (session: Session, args: EndArgs): Promise<EndedRows | Refusal> => {
  const { id, conclude, forget, settle, audit } = args;
  const concluded = await concludeOrForget(session, id, conclude, forget);
  if (typeof concluded !== 'boolean') return concluded;
  const { overdrawn } = settle === null ? NOTHING : await settleReservation(session, settle);
  if (audit.length > 0) await appendAudit(session, audit);
  return { concluded, overdrawn };
};

export interface SettleUnknownArgs {
  readonly resolve: ResolveArgs;
  readonly settle: SettleArgs;
  readonly audit: readonly ChainedArgs[];
}

/** What became of a call whose outcome was unknown: record, money and audit together. */
export const settleUnknown = async (
  session: Session,
  { resolve, settle, audit }: SettleUnknownArgs,
): Promise<boolean> => {
  if (!(await resolveCall(session, resolve))) return false;
  await settleReservation(session, settle);
  if (audit.length > 0) await appendAudit(session, audit);
  return true;
};

const NOTHING = { overdrawn: [] as readonly AccountState[] };

const concludeOrForget = async (
  session: Session,
  id: string,
  conclude: ConcludeArgs | null,
  forget: boolean,
): Promise<boolean | Refusal> => {
  if (forget) return (await releaseCall(session, { id })) === 1;
  return conclude === null ? false : concludeCall(session, conclude);
};

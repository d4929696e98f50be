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
  reopenCall,
  resolveCall,
} from './calls.ts';
import { holdAll, type SettleArgs, settleReservation } from './ledger.ts';
import { type BeginStepArgs, beginStep, type EndStepArgs, endStep, mayBeginStep } from './plan-steps.ts';
import type { Session } from './statement.ts';
import type { CallRow } from './tables.ts';

export interface BeginArgs {
  readonly row: CallRow | null;
  readonly dispatch: { readonly id: string; readonly policyVersion: string } | null;
  readonly grant: BurnArgs | null;
  readonly reservation: Reservation | null;
  readonly step: BeginStepArgs | null;
  readonly audit: readonly ChainedArgs[];
  readonly atMs: number;
}

export type BegunRow =
  | { readonly kind: 'begun' }
  | { readonly kind: 'taken'; readonly row: CallRow }
  | { readonly kind: 'no_grant'; readonly why: string }
  | { readonly kind: 'superseded' }
  | Extract<Reserved, { kind: 'overdrawn' }>;

/** First everything that may refuse, then everything that must succeed: what does not lost a race, and throws to look again. */
export const beginCall = async (session: Session, args: BeginArgs): Promise<BegunRow | Refusal> => {
  const { row, dispatch, grant, reservation, step, audit, atMs } = args;
  const waits = dispatch === null ? null : await waitingRefusal(session, dispatch.id);
  if (waits !== null) return waits;
  const standing = step === null ? null : await mayBeginStep(session, step);
  if (step !== null && standing === null) return { kind: 'superseded' };
  // The same call again hears of its record, and not that its grant is burned or its money gone: it was the one that took them.
  const holder = row === null ? null : await acceptCall(session, row, reservation !== null);
  if (holder !== null) return { kind: 'taken', row: holder };
  const why = grant === null ? null : await grantRefusal(session, grant, atMs);
  const short = why !== null || reservation === null ? null : await holdAll(session, reservation, atMs);
  if (why !== null || short !== null) {
    if (row !== null) await releaseCall(session, row);
    return why === null ? short! : { kind: 'no_grant', why };
  }
  if (dispatch !== null && (await dispatchCall(session, dispatch)) !== null) throw raced(dispatch.id);
  if (grant !== null && !(await burnGrant(session, grant, atMs))) throw raced(grant.approval);
  if (step !== null) await beginStep(session, step, standing!, atMs);
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
  readonly tenant: string;
  readonly id: string;
  readonly conclude: ConcludeArgs | null;
  readonly forget: boolean;
  readonly settle: SettleArgs | null;
  readonly step: EndStepArgs | null;
  readonly audit: readonly ChainedArgs[];
  readonly atMs: number;
}

export interface EndedRows {
  readonly concluded: boolean;
  readonly overdrawn: readonly AccountState[];
}

export const endCall = async (session: Session, args: EndArgs): Promise<EndedRows | Refusal> => {
  const { settle, step, audit, atMs } = args;
  const first = await concludeOrForget(session, args);
  const wasGivenUp = step !== null && first === false && (await isReopened(session, args));
  const concluded = wasGivenUp ? await concludeOrForget(session, args) : first;
  if (typeof concluded !== 'boolean') return concluded;
  if (step !== null) await endStep(session, step, atMs, wasGivenUp);
  const { overdrawn } = settle === null ? NOTHING : await settleReservation(session, settle);
  if (audit.length > 0) await appendAudit(session, audit);
  return { concluded, overdrawn };
};

export interface SettleUnknownArgs {
  readonly resolve: ResolveArgs;
  readonly settle: SettleArgs;
  readonly step: EndStepArgs | null;
  readonly audit: readonly ChainedArgs[];
}

/** What became of a call whose outcome was unknown: record, money and audit together. */
export const settleUnknown = async (
  session: Session,
  { resolve, settle, step, audit }: SettleUnknownArgs,
): Promise<boolean> => {
  if (!(await resolveCall(session, resolve))) return false;
  if (step !== null) await endStep(session, step, settle.atMs);
  await settleReservation(session, settle);
  if (audit.length > 0) await appendAudit(session, audit);
  return true;
};

const NOTHING = { overdrawn: [] as readonly AccountState[] };

const concludeOrForget = async (
  session: Session,
  { id, conclude, forget }: Pick<EndArgs, 'id' | 'conclude' | 'forget'>,
): Promise<boolean | Refusal> => {
  if (forget) return (await releaseCall(session, { id })) === 1;
  return conclude === null ? false : concludeCall(session, conclude);
};

/** The owner of its run may have given the call up as unknown: then it is open again, and ends with what is known now. */
const isReopened = async (session: Session, args: EndArgs): Promise<boolean> => {
  const isKnown = args.forget || (args.conclude !== null && args.conclude.state !== 'unknown');
  return isKnown && (await reopenCall(session, args));
};

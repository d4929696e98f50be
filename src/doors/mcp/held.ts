/** A call that waits for people: what its client is told, how it comes back for the answer, and how others wait. */
import { FAULT_CODES, Fault, type FaultCode, type Reply } from '../../contract/index.ts';
import type { AsyncCall } from '../native/index.ts';
import type { Asked } from './asked.ts';
import { isJson, type Json } from './message.ts';
import { type End, endIn, isHeld } from './reply.ts';
import { sealState } from './state.ts';

export interface Held {
  readonly id: string;
  /** Why, and by whom it is to be approved, in words. */
  readonly reason: string;
  readonly whom: string;
  readonly expiresAtMs: number | undefined;
}

/** Undefined for every other reply. */
export const heldIn = (reply: Reply): Held | undefined => {
  if (!isHeld(reply) || reply.body.kind !== 'bytes') return undefined;
  const answer: unknown = JSON.parse(Buffer.from(reply.body.bytes).toString());
  return isJson(answer) && typeof answer['id'] === 'string' ? heldOf(answer['id'], answer['approval']) : undefined;
};

const heldOf = (id: string, approval: unknown): Held => {
  const { reason, roles, quorum, expiresAt } = isJson(approval) ? approval : {};
  const who = Array.isArray(roles) && roles.length > 0 ? roles.join(', ') : 'approver';
  return {
    id,
    reason: typeof reason === 'string' ? reason : '',
    whom: typeof quorum === 'number' && quorum > 1 ? `${quorum} people with role ${who}` : `somebody with role ${who}`,
    expiresAtMs: typeof expiresAt === 'string' ? Date.parse(expiresAt) : undefined,
  };
};

export const canElicit = ({ capabilities }: Pick<Asked, 'capabilities'>): boolean =>
  isJson(capabilities['elicitation']);

const sentenceOf = ({ reason, whom }: Held): string =>
  `This call waits for an approval by ${whom}${reason === '' ? '' : `: ${reason}`}`;

/** For a client that can ask its user: the page where the call is approved, or the sentence that says who must. */
export const inputRequired = (asked: Asked, held: Held): Json => {
  const { elicitation } = asked.capabilities;
  const canOpen = isJson(elicitation) && isJson(elicitation['url']);
  const message = sentenceOf(held);
  const params = canOpen
    ? { mode: 'url', message, url: `${asked.origin}/approvals/${held.id}`, elicitationId: held.id }
    : {
        mode: 'form',
        message: `${message}. Go on when that is done.`,
        requestedSchema: { type: 'object', properties: {} },
      };
  return {
    resultType: 'input_required',
    inputRequests: { approval: { method: 'elicitation/create', params } },
    requestState: sealState(asked, { kind: 'held', call: held.id }),
  };
};

/** Throws `not_found` when there is no such call of this caller, any more. */
export const lookAt = async (asked: Pick<Asked, 'parts' | 'credential'>, id: string): Promise<AsyncCall> => {
  const found = await asked.parts.calls?.get(asked.credential, id);
  if (found === undefined) throw new Fault('not_found', `there is no call \`${id}\` of yours`);
  return found;
};

/** Undefined while it is not over. Throws the fault that it ended with. */
export const endOf = ({ id, state, reply, target, concludedAtMs }: AsyncCall): End | undefined => {
  if (reply !== null && reply.outcome !== 'fault') return endIn({ ...reply, bytes: reply.body }, target.operation);
  if (reply !== null && isCode(reply.code))
    throw new Fault(reply.code, reply.message, reply.executed === undefined ? {} : { executed: reply.executed });
  if (state === 'cancelled') throw new Fault('cancelled', `call \`${id}\` was cancelled`);
  if (state === 'unknown') throw new Fault('upstream_broken', `how call \`${id}\` ended is not known`);
  return concludedAtMs === null ? undefined : { kind: 'result', result: { content: [] } };
};

const isCode = (code: string): code is FaultCode => Object.hasOwn(FAULT_CODES, code);

/** As `endOf`, for whoever is given the answer now. */
export const collectedFrom = async (
  asked: Pick<Asked, 'parts' | 'credential'>,
  call: AsyncCall,
): Promise<End | undefined> => {
  const end = endOf(call);
  // Whoever could not write it down has the answer all the same.
  if (end !== undefined) await asked.parts.calls?.collected?.(asked.credential, call.id).catch(() => {});
  return end;
};

/** What is still open about a held call, for whoever asks again. */
export const stillHeld = (call: AsyncCall): Held => heldOf(call.id, call.approval);

const LOOK_MS = 500;
/** Notifications of progress while it waits. */
const TELL_EVERY = 20;

/** Clients ask again at once, some of them ten times and then never more. */
const LOOKS_BEFORE_ASKING = 10;

/** How the call stands after a while, or as soon as it is over: for clients that come back for it. */
export const endSoon = async (asked: Asked, call: AsyncCall): Promise<End | undefined> => {
  let end = await collectedFrom(asked, call);
  for (let looks = 1; end === undefined && looks < LOOKS_BEFORE_ASKING; looks++) {
    await pause(asked);
    end = await collectedFrom(asked, await lookAt(asked, call.id));
  }
  return end;
};

/** For clients that cannot ask anybody: waits, and says so where they want to hear it. */
export async function* waited(asked: Asked, held: Held): AsyncGenerator<Json, End> {
  const token = asked.meta['progressToken'];
  for (let looks = 0; ; looks++) {
    const end = await collectedFrom(asked, await lookAt(asked, held.id));
    if (end !== undefined) return end;
    if (token !== undefined && asked.takesEvents && looks % TELL_EVERY === 0)
      yield {
        method: 'notifications/progress',
        params: { progressToken: token, progress: looks / TELL_EVERY, message: sentenceOf(held) },
      };
    await pause(asked);
  }
}

const pause = ({ parts, canceller }: Asked): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = parts.world.clock.after(LOOK_MS, () => {
      forget();
      resolve();
    });
    const forget = canceller.onCancel((reason) => {
      timer.cancel();
      reject(reason);
    });
  });

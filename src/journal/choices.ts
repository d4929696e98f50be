/**
 * What a capability was resolved to under an idempotency key, so that whoever asks again under it reaches the same provider, also when
 * there is a better one by then. It is kept like a call that ran: as durable as those, and forgotten with them.
 */
import { hash } from 'node:crypto';
import {
  type AskedCapability,
  askedText,
  type Call,
  type CallJournal,
  type CallRecord,
  type ChosenProvider,
  Fault,
  type Principal,
  unresolvedTarget,
} from '../contract/index.ts';

/** As long as the key itself is taken (R6). */
const LIFETIME_MS = 24 * 3600 * 1000;
/** Lifetimes that records may be kept for after their own is over. */
const MAX_TURNS = 400;

type Store = Pick<CallJournal, 'get' | 'accept'>;

/** Throws `idempotency_mismatch` when another range was asked for under the key. */
export const keptChoice = async (
  store: Store,
  call: Call,
  asked: AskedCapability,
  choose: () => ChosenProvider,
  wallMs: number,
): Promise<ChosenProvider> => {
  const { principal, idempotencyKey: key } = call;
  if (principal === null || key === undefined) return choose();
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const id = idOf(principal, asked, key, turn);
    const known = await store.get(principal.tenant, id);
    if (known !== undefined && known.acceptedAtMs + LIFETIME_MS <= wallMs) continue;
    if (known !== undefined) return choiceIn(known, asked);
    const record = recordOf(id, call, asked, choose(), wallMs);
    const { taken } = await store.accept(record);
    return choiceIn(taken ?? record, asked);
  }
  throw new Fault('storage', 'what this idempotency key was used for cannot be found out; take another key');
};

/** The same for the same caller, capability and key, so that it can be found; the whole of a hash, so that nobody else's is met. */
const idOf = ({ tenant, kind, id }: Principal, { name }: AskedCapability, key: string, turn: number): string =>
  hash('sha256', JSON.stringify(['capability', tenant, kind, id, name, key, turn]), 'hex').slice(0, 32);

const recordOf = (
  id: string,
  call: Call,
  asked: AskedCapability,
  choice: ChosenProvider,
  wallMs: number,
): CallRecord => ({
  id,
  tenant: call.principal!.tenant,
  principal: call.principal!,
  target: unresolvedTarget(asked),
  trace: call.trace.trace,
  session: call.session ?? '',
  idempotencyKey: call.idempotencyKey ?? '',
  digest: digestOf(asked),
  state: 'done',
  idempotent: true,
  detached: false,
  request: null,
  policyVersion: '',
  acceptedAtMs: wallMs,
  concludedAtMs: wallMs,
  reply: {
    outcome: 'ok',
    status: 200,
    contentType: 'application/json',
    body: new TextEncoder().encode(JSON.stringify(choice)),
    code: '',
    message: '',
    endpoint: '',
    attempts: 0,
  },
});

const digestOf = (asked: AskedCapability): string => hash('sha256', askedText(asked), 'hex');

const choiceIn = ({ digest, reply }: CallRecord, asked: AskedCapability): ChosenProvider => {
  if (digest !== digestOf(asked))
    throw new Fault(
      'idempotency_mismatch',
      `this idempotency key was used for another range of \`${asked.name}\`; a key is for one request`,
    );
  const { target, version } = JSON.parse(new TextDecoder().decode(reply?.body)) as ChosenProvider;
  return { target, version, because: 'as before under this idempotency key' };
};

/** The calls that this door makes: one for each request, and those that it makes by itself to go on with a task of somebody. */
import { Buffer } from 'node:buffer';
import { type Call, type Credential, documentIn, eventsIn, type Principal, type Target } from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';
import { callFrom } from '../http/index.ts';

/** Who asks, with what came along. */
export interface Caller {
  readonly principal: Principal;
  readonly credential: Credential;
  readonly headers: Call['headers'];
  readonly trace?: Call['trace'];
  readonly timeoutMs?: number;
  readonly session?: string;
  readonly run?: string;
}

export interface Asking {
  readonly target: Target;
  /** Parameters of the operation in the form `a2a`. */
  readonly params: object;
  readonly stream?: boolean;
  /** Empty: whichever endpoint. */
  readonly pin?: string;
  /** Of what must not be done twice. */
  readonly idempotencyKey?: string | undefined;
  /** What was asked for instead of the target. */
  readonly capability?: Call['capability'];
}

export const callFor = ({ ids }: Pick<World, 'ids'>, caller: Caller, asking: Asking): Call => {
  const id = ids.callId();
  const { stream = false, pin = '', idempotencyKey } = asking;
  const call = callFrom(idempotencyKey === undefined ? caller : { ...caller, idempotencyKey }, {
    id,
    credential: caller.credential,
    target: asking.target,
    contentType: documentIn('a2a'),
    accept: stream ? `${eventsIn('a2a')}, ${documentIn('a2a')}` : documentIn('a2a'),
    body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(asking.params)) },
    headers: caller.headers,
    trace: caller.trace ?? { trace: ids.traceId(), sampled: true },
    stream,
    pin: pin === '' ? undefined : pin,
  });
  return asking.capability === undefined ? call : { ...call, capability: asking.capability };
};

/** This node itself, in the name of whom a task belongs to: policy decides as for the owner. */
export const onBehalfOf = (principal: Principal): Caller => ({
  principal,
  credential: { kind: 'known', principal },
  headers: [],
});

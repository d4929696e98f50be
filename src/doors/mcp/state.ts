/** `requestState`: where a request stands that its client sends again with more. Sealed, bound to who asked, for what, with which arguments. */
import { createHash } from 'node:crypto';
import { CODES } from '../../dialects/mcp/index.ts';
import { bytesOf } from '../../kernel/index.ts';
import type { Asked } from './asked.ts';
import { isJson, type Json, Refusal } from './message.ts';
import type { Provided } from './provided.ts';
import { ownerOf } from './seal.ts';

export type State =
  /** People are asked about this call. */
  | { readonly kind: 'held'; readonly call: string }
  /** The server's own state, if it gave one, the endpoint that gave it, and what was asked for as a capability. */
  | { readonly kind: 'server'; readonly state?: string; readonly pin?: string; readonly provided?: Provided };

/** What must be the same when the request comes again. */
const aboutOf = ({ principal, method, params, place }: Asked): string => {
  const { requestState: _, inputResponses: __, _meta: ___, ...same } = params;
  const digest = createHash('sha256').update(bytesOf(same)).digest('base64url');
  return `state ${ownerOf(principal)} ${place.target ?? ''} ${method} ${digest}`;
};

export const sealState = (asked: Asked, state: State): string => asked.parts.sealer.seal(state, aboutOf(asked));

/** Undefined: the request comes for the first time. Throws Refusal. */
export const stateOf = (asked: Asked): State | undefined => {
  const { requestState } = asked.params;
  if (requestState === undefined) return undefined;
  const opened = typeof requestState === 'string' ? asked.parts.sealer.open(requestState, aboutOf(asked)) : undefined;
  if (!isState(opened))
    throw new Refusal(200, {
      code: CODES.invalidParams,
      message: '`requestState` must come back as it was given, from who got it, with the same parameters',
    });
  return opened;
};

const isState = (value: unknown): value is State =>
  isJson(value) && (value['kind'] === 'held' || value['kind'] === 'server');

/** Absent when there is nothing to remember. */
export const serverState = (
  asked: Asked,
  result: Json,
  { pin, provided }: { readonly pin: string | undefined; readonly provided?: Provided | undefined },
): Json => {
  const { requestState: given, ...rest } = result;
  if (given === undefined && pin === undefined && provided === undefined) return rest;
  const state = typeof given === 'string' ? { state: given } : {};
  return {
    ...rest,
    requestState: sealState(asked, {
      kind: 'server',
      ...state,
      ...(pin === undefined ? {} : { pin }),
      ...(provided === undefined ? {} : { provided }),
    }),
  };
};

/** One request of a client, with all that is known of who sent it: what every method begins with. */
import type { Credential, Directory, Fault, Principal, ProgressOf, Reply } from '../../contract/index.ts';
import { META } from '../../dialects/mcp/index.ts';
import { type Canceller, type Handler, rootScope, silentSpan, type World } from '../../kernel/index.ts';
import type { Inbound } from '../http/index.ts';
import type { AsyncCalls } from '../native/index.ts';
import { type Asking, callOf } from './call.ts';
import type { Occurrence } from './faults.ts';
import type { Json } from './message.ts';
import type { Place } from './path.ts';
import type { Sealer } from './seal.ts';

/** What a node gives this door. */
export interface Parts {
  readonly handler: () => Handler;
  readonly world: World;
  readonly directory: Directory;
  readonly sealer: Sealer;
  /** How far the run of a plan is. Absent: nobody is told. */
  readonly progress?: ProgressOf | undefined;
  /** Answers about calls that wait for people. Absent: calls cannot wait here. */
  readonly calls?: AsyncCalls | undefined;
}

/** A session of a server that has sessions, and the endpoint that keeps it. */
export interface TargetSession {
  readonly id: string;
  readonly pin: string | undefined;
}

export interface Client {
  readonly principal: Principal;
  readonly credential: Credential;
  readonly inbound: Inbound;
  readonly place: Place;
  /** Where the client believes that it is, without path: `https://airspace.example`. */
  readonly origin: string;
  readonly version: string;
  readonly isModern: boolean;
  /** As it declared them. */
  readonly capabilities: Json;
  /** Of a client with a session: puts a question on the stream of its request, and waits for what it answers. */
  readonly ask?: (method: string, params: Json) => { readonly message: Json; readonly answered: Promise<Json> };
  readonly session?: TargetSession | undefined;
  /** Called when the server behind it has ended its session: the client must begin again. */
  readonly sessionOver?: () => void;
}

export interface Asked extends Client {
  readonly parts: Parts;
  readonly method: string;
  readonly params: Json;
  /** `_meta`, completed with what a session knows. */
  readonly meta: Json;
  /** The client takes notifications with the answer. */
  readonly takesEvents: boolean;
  readonly canceller: Canceller;
  /** Filled in when there is a call. */
  readonly occurrence: { -readonly [K in keyof Occurrence]?: Occurrence[K] };
}

/** Makes the call and runs it. Throws whatever the pipeline throws. */
export const invoke = async (
  asked: Asked,
  asking: Omit<Asking, 'meta'> & { readonly begun?: (call: string) => void },
): Promise<Reply> => {
  const { world, handler } = asked.parts;
  const call = callOf(world, asked.inbound, asked.credential, { ...asking, meta: asked.meta });
  asked.occurrence.callId = call.id;
  asked.occurrence.traceId = call.trace.trace;
  asking.begun?.(call.id);
  const { scope, canceller } = rootScope(world, silentSpan(world.ids.spanId()));
  const forget = asked.canceller.onCancel((reason: Fault) => canceller.cancel(reason));
  try {
    return await handler()(call, scope);
  } catch (thrown) {
    forget();
    throw thrown;
  }
};

/** Does the client want to hear something before the answer? A client with a session may always be asked something. */
export const wantsEvents = ({ takesEvents, isModern, meta }: Asked): boolean =>
  takesEvents && (!isModern || meta['progressToken'] !== undefined || meta[META.logLevel] !== undefined);

/** A request in a session: whose it is, what the session adds to it, and where its events go. */
import { CODES, eraOf, META, MODERN, SESSION_HEADER } from '../../dialects/mcp/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { pour } from '../http/index.ts';
import { type Asked, invoke } from './asked.ts';
import type { Entering } from './entering.ts';
import { isJson, type Json, REFUSED, Refusal } from './message.ts';
import { fieldIn } from './mirror.ts';
import type { Session, Sessions } from './sessions.ts';
import type { EventStream } from './stream.ts';
import { serverAt } from './tools.ts';
import { eventHeaders } from './write.ts';

/** Throws Refusal. */
export const sessionOf = ({ client }: Entering, sessions: Sessions): Session => {
  const id = fieldIn(client.inbound, SESSION_HEADER);
  if (id === undefined)
    throw new Refusal(400, {
      code: CODES.invalidRequest,
      message: `header \`${SESSION_HEADER}\` is missing; begin with \`initialize\``,
    });
  const session = sessions.find(id, client.principal, client.place);
  const version = fieldIn(client.inbound, 'mcp-protocol-version');
  if (version !== undefined && eraOf(version) !== 'legacy')
    throw new Refusal(400, { code: REFUSED, message: `this session speaks ${session.begun.version}` });
  return session;
};

export const metaOf = ({
  version,
  capabilities,
  clientInfo,
}: {
  version: string;
  capabilities: Json;
  clientInfo: unknown;
}): Json => ({
  [META.version]: version,
  [META.capabilities]: capabilities,
  ...(isJson(clientInfo) ? { [META.clientInfo]: clientInfo } : {}),
});

/** Tells the server behind this place. */
export const told = async (entering: Entering, session: Session, method: string, params: Json): Promise<void> => {
  const { target } = session.begun;
  const server = await serverAt(entering.parts.directory, entering.client.principal, entering.client.place);
  if (target === undefined || server === undefined) return;
  await invoke(askedIn(entering, session, { method, params }, new Canceller()), {
    target: { kind: 'tool', name: server.name, operation: 'mcp.session' },
    form: 'mcp',
    body: { method, params },
    stream: false,
    session: target.id,
    pin: target.pin,
  }).catch(() => {});
};

/**
 * A server's own session speaks for the client in its version. Without one the server is asked in the new manner, and what it wants
 * to know is asked here.
 */
export const askedIn = (
  { client, parts, takesEvents }: Entering,
  session: Session,
  { method, params }: { readonly method: string; readonly params: Json },
  canceller: Canceller,
): Asked => {
  const { version, capabilities, target } = session.begun;
  const said = isJson(params['_meta']) ? params['_meta'] : {};
  return {
    ...client,
    ...{ parts, version, isModern: false, capabilities, method, params, takesEvents, canceller, session: target },
    meta: {
      ...said,
      ...metaOf({ ...session.begun, version: target === undefined ? MODERN : version }),
      ...(target === undefined && session.logLevel !== undefined ? { [META.logLevel]: session.logLevel } : {}),
    },
    // Whoever takes no events before the answer could not hear a question.
    ...(takesEvents ? { ask: (question: string, about: Json) => session.ask(question, about, canceller) } : {}),
    sessionOver: () => {
      session.isLost = true;
    },
    occurrence: {},
  };
};

export const pourStream = ({ res, parts }: Entering, stream: EventStream, seen: number): Promise<void> =>
  pour(
    { res, clock: parts.world.clock, cancel: () => {}, onFault: () => '' },
    200,
    eventHeaders([]),
    { kind: 'stream', chunks: stream.after(seen) },
    true,
  );

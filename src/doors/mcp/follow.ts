/** Sessions without a request: following what happens, picking up a stream that broke, and the end. */
import { Fault } from '../../contract/index.ts';
import { CLOSE, SESSION_HEADER, STREAM } from '../../dialects/mcp/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { type Asked, invoke } from './asked.ts';
import type { Entering } from './entering.ts';
import { onToolsChanged } from './listen.ts';
import { type Id, type Json, REFUSED, Refusal } from './message.ts';
import { fieldIn } from './mirror.ts';
import { respond } from './perform.ts';
import { heardIn } from './reply.ts';
import type { Session, Sessions } from './sessions.ts';
import { serverAt } from './tools.ts';
import { askedIn, pourStream, sessionOf, told } from './within.ts';
import { writeNothing } from './write.ts';

/** GET: what is about no request, or the rest of a stream that broke. DELETE: the end. */
export const answerWithoutBody = async (entering: Entering, sessions: Sessions): Promise<void> => {
  const { req, res, client } = entering;
  const isSession = fieldIn(client.inbound, SESSION_HEADER) !== undefined;
  if (!isSession || (req.method !== 'GET' && req.method !== 'DELETE'))
    throw new Refusal(405, { code: REFUSED, message: 'this path takes POST only, but for sessions' }, [
      'allow',
      'POST',
    ]);
  const session = sessionOf(entering, sessions);
  if (req.method === 'DELETE') {
    sessions.end(session);
    await told(entering, session, CLOSE, {});
    return writeNothing(res, 204);
  }
  if (!entering.takesEvents)
    throw new Refusal(406, { code: REFUSED, message: 'accept `text/event-stream` to follow a session' });
  const leave = entering.streams.enter(client.principal);
  try {
    await followed(entering, session);
  } finally {
    leave();
  }
};

const followed = async (entering: Entering, session: Session): Promise<void> => {
  const last = fieldIn(entering.client.inbound, 'last-event-id');
  if (last !== undefined) return resume(entering, session, last);
  if (session.standing.isRead) throw new Refusal(409, { code: REFUSED, message: 'this session is followed already' });
  return follow(entering, session, session.standing.read);
};

const resume = async (entering: Entering, session: Session, last: string): Promise<void> => {
  const [, id = '', at = ''] = /^(\d{1,9})\.(\d{1,9})$/.exec(last) ?? [];
  const stream = session.streamOf(id);
  if (stream === undefined || !stream.has(Number(at)))
    throw new Refusal(404, { code: REFUSED, message: 'what came after that event is not here any more' });
  return stream === session.standing ? follow(entering, session, Number(at)) : pourStream(entering, stream, Number(at));
};

/** As long as somebody reads: changes of the own list, and what the server says by itself. */
const follow = async (entering: Entering, session: Session, seen: number): Promise<void> => {
  const canceller = new Canceller();
  const forget = session.over.onCancel((reason) => canceller.cancel(reason));
  entering.onGone((reason) => canceller.cancel(reason));
  const asked = askedIn({ ...entering, takesEvents: true }, session, { method: STREAM, params: {} }, canceller);
  const stop = await onToolsChanged(asked, () =>
    session.standing.push({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }),
  );
  const forgetLeaving = entering.goingAway?.onCancel(() => session.standing.end());
  void keptUp(asked, session);
  try {
    await pourStream(entering, session.standing, seen);
  } finally {
    stop();
    forget();
    forgetLeaving?.();
    canceller.cancel(new Fault('cancelled', 'nobody follows the session any more'));
  }
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** A server's stream has an end, if only that of its time, and its client's has none. Never throws. */
const keptUp = async (asked: Asked, session: Session): Promise<void> => {
  const { clock } = asked.parts.world;
  let pauseMs = FIRST_PAUSE_MS;
  while (asked.session !== undefined && asked.canceller.reason === undefined) {
    const fromMs = clock.nowMs();
    await announced(asked, session).catch(() => {});
    pauseMs = clock.nowMs() - fromMs > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    await paused(asked, pauseMs);
  }
};

/** Resolves early when nobody waits any more. */
const paused = ({ parts, canceller }: Asked, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = parts.world.clock.after(delayMs, () => {
      forget();
      resolve();
    });
    const forget = canceller.onCancel(() => {
      timer.cancel();
      resolve();
    });
  });

/** The server's own stream, where there is one. */
const announced = async (asked: Asked, session: Session): Promise<void> => {
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  if (asked.session === undefined || server === undefined) return;
  const reply = await invoke(asked, {
    target: { kind: 'tool', name: server.name, operation: 'mcp.listen' },
    form: 'mcp',
    body: { method: STREAM, params: {} },
    stream: true,
    session: asked.session.id,
    pin: asked.session.pin,
  });
  for await (const message of heardIn(reply, 'mcp.listen')) {
    if (message.kind === 'notification')
      session.standing.push({ jsonrpc: '2.0', method: message.method, params: message.params });
    else if (message.kind === 'request') void questioned(asked, session, server.name, message);
  }
};

const questioned = async (
  asked: Asked,
  session: Session,
  server: string,
  { id, method, params }: { readonly id: Id; readonly method: string; readonly params: Json },
): Promise<void> => {
  const { message, answered } = session.ask(method, params, session.over);
  session.standing.push({ jsonrpc: '2.0', ...message });
  await respond(asked, server, id, await answered).catch(() => {});
};

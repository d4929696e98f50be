/** The messages of one request as its client gets them: with its id, in the manner of its version, and with one last word whatever happens. */
import { Fault } from '../../contract/index.ts';
import { CALL_TOOL, CODES, isCacheable, META } from '../../dialects/mcp/index.ts';
import type { Asked } from './asked.ts';
import { SERVER_INFO } from './discover.ts';
import { errorOf, SPOKEN, toolResultOf } from './faults.ts';
import { errorMessage, type Id, isJson, type Json, Refusal, resultMessage } from './message.ts';
import type { End } from './reply.ts';
import type { Messages } from './sent.ts';

/** The answer, and what HTTP says about it where nothing has been sent before. */
export interface Last {
  readonly status: number;
  readonly headers: readonly string[];
  readonly message: Json;
}

export type Spoken = AsyncGenerator<Json, Last>;

/** Never throws but for what nobody is there to hear. `challenge`: what a client without a valid key is told. */
export async function* spoken(asked: Asked, id: Id, messages: Messages, challenge: () => readonly string[]): Spoken {
  try {
    for (;;) {
      const step = await messages.next();
      if (step.done === true) return lastOf(asked, id, step.value);
      yield { jsonrpc: '2.0', ...step.value };
    }
  } catch (thrown) {
    if (thrown instanceof Refusal)
      return {
        status: asked.isModern ? thrown.status : 200,
        headers: thrown.headers,
        message: errorMessage(id, thrown.error),
      };
    const fault = Fault.from(thrown);
    if (fault.facts['session'] === 'over') asked.sessionOver?.();
    return refused(asked, id, await ofCaller(asked, fault), challenge);
  }
}

/** Nodes that have not heard of each other yet say the same of themselves: a client whose key is good must not throw it away for that. */
const ofCaller = async ({ parts, credential }: Asked, fault: Fault): Promise<Fault> => {
  if (fault.code !== 'unauthenticated') return fault;
  return parts.directory.identify(credential).then(
    () =>
      new Fault('unavailable', 'a node on the way does not know this one yet; try again', {
        executed: fault.executed,
        cause: fault,
      }),
    () => fault,
  );
};

const refused = (asked: Asked, id: Id, fault: Fault, challenge: () => readonly string[]): Last => {
  if (fault.code === 'unauthenticated')
    return { status: 401, headers: challenge(), message: errorMessage(id, errorOf(fault, asked.occurrence)) };
  if (asked.method === CALL_TOOL && SPOKEN[fault.code].tool === 'result')
    return lastOf(asked, id, { kind: 'result', result: toolResultOf(fault, asked.occurrence) });
  return { status: 200, headers: [], message: errorMessage(id, errorOf(fault, asked.occurrence)) };
};

const lastOf = (asked: Asked, id: Id, end: End): Last => {
  if (end.kind === 'error')
    return { status: statusOf(asked, end.error.code), headers: [], message: errorMessage(id, end.error) };
  const result = asked.isModern ? modern(asked.method, end.result) : legacy(asked.method, end.result);
  return { status: 200, headers: [], message: resultMessage(id, result) };
};

/** An error that a server made is an answer like any other, but for two that have a status of their own. */
const statusOf = ({ isModern }: Asked, code: number): number => {
  if (!isModern) return 200;
  if (code === CODES.methodNotFound) return 404;
  return code === CODES.missingCapability ? 400 : 200;
};

/** INVARIANT: nothing that came through policy for one caller may be kept for another. */
const modern = (method: string, result: Json): Json => {
  const meta = isJson(result['_meta']) ? result['_meta'] : {};
  const kept = isCacheable(method) ? { ttlMs: 0, ...timeIn(result), cacheScope: 'private' } : {};
  return {
    resultType: 'complete',
    ...result,
    ...kept,
    _meta: { [META.serverInfo]: SERVER_INFO, ...meta },
  };
};

const timeIn = ({ ttlMs }: Json): Json => (Number.isSafeInteger(ttlMs) && Number(ttlMs) >= 0 ? { ttlMs } : {});

const legacy = (method: string, result: Json): Json => {
  const { resultType: _, ttlMs, cacheScope, _meta, ...rest } = result;
  const { [META.serverInfo]: __, ...meta } = isJson(_meta) ? _meta : {};
  return {
    ...rest,
    ...(isCacheable(method)
      ? {}
      : { ...(ttlMs === undefined ? {} : { ttlMs }), ...(cacheScope === undefined ? {} : { cacheScope }) }),
    ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }),
  };
};

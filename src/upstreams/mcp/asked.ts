/** What servers ask of clients in the middle of a call, for clients of the other era. */
import { Fault } from '../../contract/index.ts';
import { type Message, membersOf, objectOf, requestText, resultText, resultTypeOf } from '../../dialects/mcp/index.ts';
import type { Talk } from './answering.ts';
import type { Asking } from './asking.ts';
import type { Held, HeldCalls } from './held.ts';
import type { Leash } from './leash.ts';
import { tell } from './legacy.ts';
import { askModern, type ModernAsking, type Telling } from './modern.ts';
import { failed, type Said } from './said.ts';
import type { Session } from './sessions.ts';
import { invalid, type Wire } from './wire.ts';

type Request = Extract<Message, { kind: 'request' }>;

/** What a client must have declared to be asked this. */
const CAPABILITY: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

export const canAsk = ({ capabilities }: Pick<Asking, 'capabilities'>, method: string): boolean =>
  Object.hasOwn(CAPABILITY, method) && capabilities[CAPABILITY[method]!] !== undefined;

/** What of a client's capabilities a session is opened with: those that a legacy server knows, and each client's in the same order. */
export const askable = ({ capabilities }: Pick<Asking, 'capabilities'>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.values(CAPABILITY).flatMap((name) =>
      capabilities[name] === undefined ? [] : [[name, capabilities[name]] as const],
    ),
  );

export const canAskAnything = ({ capabilities }: Pick<Asking, 'capabilities'>): boolean =>
  Object.values(CAPABILITY).some((name) => capabilities[name] !== undefined);

const KEY = 'asked';

export interface Holding {
  readonly held: HeldCalls;
  readonly session: Session;
  readonly asking: Asking;
  readonly operation: string;
  readonly wire: Wire;
  readonly leash: Leash;
  /** The conversation that is held; it is known only when it runs. */
  readonly talk: () => Talk;
}

/** A legacy server asks a modern client: the call is answered with the question, and goes on when the client comes back. */
export async function* holding(what: Holding, { id, method, params }: Request): AsyncGenerator<Said> {
  const { held, session, asking, operation, wire, leash, talk } = what;
  const inputRequests = `{${JSON.stringify(KEY)}:{"method":${JSON.stringify(method)},"params":${params ?? '{}'}}}`;
  for (;;) {
    const entry: Held = { owner: asking.owner, endpoint: wire.endpoint, operation, talk: talk(), leash };
    const state = held.put(entry, wire.scope.ids.callId());
    yield {
      kind: 'result',
      isHeld: true,
      result: objectOf([
        ['resultType', '"input_required"'],
        ['inputRequests', inputRequests],
        ['requestState', JSON.stringify(state)],
      ]),
    };
    const answer = entry.back?.answers.get(KEY);
    if (entry.back === undefined || answer === undefined || !answer.startsWith('{')) continue;
    await tell(entry.back.wire, session, resultText(id, answer));
    return;
  }
}

const MOST_ASKED = 64;

/** Of more questions than anybody answers the oldest is forgotten: nobody may answer it any more. */
export const expect = (session: Session, id: Request['id'], take: (answer: string) => void = () => {}): void => {
  const [oldest] = session.asked;
  if (session.asked.size >= MOST_ASKED && oldest !== undefined) {
    session.asked.delete(oldest[0]);
    oldest[1]('');
  }
  session.asked.set(JSON.stringify(id), take);
};

/** A legacy server asks a legacy client: the request goes on as it is, and the answer finds it by its id. */
export async function* passing(session: Session, { id }: Request, json: string): AsyncGenerator<Said> {
  expect(session, id);
  yield { kind: 'message', json };
}

const MOST_ROUNDS = 20;

/** A modern server asks a legacy client: its questions go out as requests, and with the answers it is asked again. */
export async function* mediated(
  asking: ModernAsking & Pick<Asking, 'stream'>,
  session: Session,
  telling: () => Telling,
): AsyncGenerator<Said> {
  let again: ModernAsking = asking;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let wanted: string | undefined;
    const { wire, ...rest } = telling();
    for await (const said of askModern(again, { wire, ...rest })) {
      if (said.kind === 'result' && resultTypeOf(said.result) === 'input_required') {
        wanted = said.result;
        break;
      }
      yield said;
      if (said.kind !== 'message') return;
    }
    if (wanted === undefined) return;
    const answers = yield* askedOf(asking, session, wire, wanted);
    if (answers === undefined) return;
    again = { ...asking, params: withAnswers(asking.params, wanted, answers) };
  }
  throw invalid('asks the same client again and again');
}

/** The answers by key, as JSON text. Undefined: it was said why there are none. */
async function* askedOf(
  asking: Pick<Asking, 'stream' | 'capabilities'>,
  session: Session,
  wire: Wire,
  wanted: string,
): AsyncGenerator<Said, ReadonlyMap<string, string> | undefined> {
  const answers = new Map<string, string>();
  for (const [key, request] of membersOf(membersOf(wanted)?.get('inputRequests') ?? '{}') ?? []) {
    const { method } = JSON.parse(request) as { readonly method?: unknown };
    if (typeof method !== 'string' || !canAsk(asking, method) || !asking.stream) {
      yield failed({ code: -32600, message: 'the server needs input that this client cannot be asked for' });
      return undefined;
    }
    const id = `airspace-${wire.scope.ids.spanId()}`;
    const answer = answerTo(session, id, wire);
    yield { kind: 'message', json: requestText(id, method, membersOf(request)?.get('params') ?? '{}') };
    const members = membersOf(await answer);
    const result = members?.get('result');
    if (result === undefined || !result.startsWith('{')) {
      yield failed({ code: -32600, message: 'the client did not answer what the server asked it' });
      return undefined;
    }
    answers.set(key, result);
  }
  return answers;
}

/** Rejects when the call ends; an empty text says that the session is over. */
const answerTo = (session: Session, id: string, { scope }: Wire): Promise<string> => {
  const key = JSON.stringify(id);
  const answer = new Promise<string>((resolve, reject) => {
    const forget = scope.signal.onCancel((reason) => {
      session.asked.delete(key);
      reject(reason);
    });
    expect(session, id, (text) => {
      forget();
      if (text === '') reject(new Fault('cancelled', 'the MCP session ended while its client was asked'));
      else resolve(text);
    });
  });
  // Whoever stops to read before the answer comes does not wait for it.
  answer.catch(() => {});
  return answer;
};

const withAnswers = (params: string, wanted: string, answers: ReadonlyMap<string, string>): string => {
  const members = new Map(membersOf(params));
  members.set('inputResponses', objectOf(answers));
  const state = membersOf(wanted)?.get('requestState');
  if (state === undefined) members.delete('requestState');
  else members.set('requestState', state);
  return objectOf(members);
};

/**
 * Every method of A2A over gRPC, in both versions, with every kind of credential, over a hub that runs: what policy does not allow is not
 * let through, and what is somebody's own is there for nobody else.
 */
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import { OPERATIONS, type OperationFacts } from '../../src/dialects/a2a/index.ts';
import { callGrpc, type GrpcAnswer, type GrpcVersion, METHODS, requestFor } from './grpc-call.ts';
import { MARKER, WHO, type Who } from './people.ts';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
let session: http2.ClientHttp2Session;
before(async () => {
  scene = await startScene();
  session = http2.connect(`http://${scene.hub.grpc}`);
});
after(async () => {
  session.close();
  await scene[Symbol.asyncDispose]();
});

type Kind = 'call' | 'task' | 'open task' | 'list' | 'card';

/** By hand: what is a call of the target, what is of a task of one's own, and what only shows. */
const KINDS: Readonly<Record<string, Kind>> = {
  SendMessage: 'call',
  SendStreamingMessage: 'call',
  GetTask: 'task',
  ListTasks: 'list',
  CancelTask: 'open task',
  SubscribeToTask: 'open task',
  CreateTaskPushNotificationConfig: 'task',
  GetTaskPushNotificationConfig: 'task',
  ListTaskPushNotificationConfigs: 'task',
  DeleteTaskPushNotificationConfig: 'task',
  GetExtendedAgentCard: 'card',
};

const [OK, NOT_FOUND, DENIED, PRECONDITION, UNAVAILABLE, UNAUTHENTICATED] = [0, 5, 7, 9, 14, 16];

/** No proof, none that counts any more, or one for another door. */
const UNKNOWN: readonly Who[] = [
  ...(['nobody', 'garbage', 'expired', 'revoked'] as const),
  ...(['adam-at-a-browser', 'adam-at-another-page'] as const),
];
/** Under an order to stop, or narrowed to other things than calls. */
const STOPPED: readonly Who[] = ['halted', 'alice-reading', 'adam-reading'];

const statusFor = (kind: Kind, who: Who): number => {
  if (UNKNOWN.includes(who)) return UNAUTHENTICATED;
  if (STOPPED.includes(who)) return DENIED;
  // Theirs is over.
  if (who === 'alice') return kind === 'open task' ? PRECONDITION : OK;
  if (kind === 'list') return OK;
  // The agent of the other tenant that is called the same: theirs to see, and it has no endpoint.
  if (who === 'stranger-agent' && (kind === 'call' || kind === 'card')) return kind === 'call' ? UNAVAILABLE : OK;
  return kind === 'call' ? DENIED : NOT_FOUND;
};

interface Came extends GrpcAnswer {
  readonly hits: number;
}

const send = async (version: GrpcVersion, facts: OperationFacts, task: string, who: Who): Promise<Came> => {
  const before = scene.hits();
  const answered = await callGrpc(session, version, facts, requestFor(version, facts, task), scene.headers[who]);
  return { ...answered, hits: scene.hits() - before };
};

/** One of alice that is over. */
const taskOfAlice = async (): Promise<string> => {
  const streaming = OPERATIONS.find(({ method }) => method === 'SendStreamingMessage')!;
  const { message } = await send('1.0', streaming, '', 'alice');
  return (message as { readonly task: { readonly id: string } }).task.id;
};

test('every method of either version has a row', () => {
  assert.deepEqual(OPERATIONS.map(({ method }) => method).sort(), Object.keys(KINDS).sort());
  assert.equal(METHODS.length, 21, 'eleven of 1.0, ten of 0.3');
});

test('only who may call reaches the target over gRPC, and a task is there for nobody but its owner', async () => {
  const wrong: string[] = [];
  const task = await taskOfAlice();
  for (const { version, facts } of METHODS)
    for (const who of WHO) {
      const { status, text, hits } = await send(version, facts, task, who);
      const kind = KINDS[facts.method]!;
      const isAlice = who === 'alice';
      const problems = {
        [`status ${status}, not ${statusFor(kind, who)}`]: status !== statusFor(kind, who),
        [`${hits} calls reached the target`]: hits !== (isAlice && kind === 'call' ? 1 : 0),
        'it sees what it may not': !isAlice && text.includes(MARKER),
        'it is told of a task of alice': !isAlice && status === OK && text.includes(task),
        'alice does not find her own': isAlice && kind === 'list' && !text.includes(task),
      };
      for (const [problem, isSo] of Object.entries(problems))
        if (isSo) wrong.push(`${facts.method} ${version} as ${who}: ${problem}`);
    }
  assert.deepEqual(wrong, []);
});

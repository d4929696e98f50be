import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '@a2a-js/sdk';
import { A2AService } from '@a2a-js/sdk/server/grpc';
import { A2AService as A2AService03 } from 'a2a-sdk-v0.3/server/grpc';
import fc from 'fast-check';
import { protobuf, protobuf03 } from './codec.ts';
import { OPERATIONS } from './operations.ts';
import { readV1 } from './read.ts';
import { anyProto03, anyV1, plainly } from './testing.ts';
import type { Messages } from './types.ts';
import { eventToProto03 } from './v03/index.ts';
import { eventTo03 } from './v03/to.ts';

interface Reference {
  readonly fromJSON: (json: unknown) => never;
  readonly toJSON: (message: never) => unknown;
}

const METHODS: readonly [keyof Messages, Reference, (value: never) => Buffer, (bytes: Buffer) => unknown][] = [
  [
    'SendMessageRequest',
    sdk.SendMessageRequest as unknown as Reference,
    A2AService.sendMessage.requestSerialize as never,
    A2AService.sendMessage.requestDeserialize,
  ],
  [
    'StreamResponse',
    sdk.StreamResponse as unknown as Reference,
    A2AService.sendStreamingMessage.responseSerialize as never,
    A2AService.sendStreamingMessage.responseDeserialize,
  ],
  [
    'Task',
    sdk.Task as unknown as Reference,
    A2AService.getTask.responseSerialize as never,
    A2AService.getTask.responseDeserialize,
  ],
  [
    'ListTasksRequest',
    sdk.ListTasksRequest as unknown as Reference,
    A2AService.listTasks.requestSerialize as never,
    A2AService.listTasks.requestDeserialize,
  ],
  [
    'AgentCard',
    sdk.AgentCard as unknown as Reference,
    A2AService.getExtendedAgentCard.responseSerialize as never,
    A2AService.getExtendedAgentCard.responseDeserialize,
  ],
];

for (const [name, reference, serialize, deserialize] of METHODS)
  test(`${name} is the same in our protobuf and in that of the reference`, () => {
    fc.assert(
      fc.property(anyV1(name), (message) => {
        const theirs = reference.fromJSON(message);
        const ours = protobuf.encode(name, message);
        assert.deepEqual(reference.toJSON(deserialize(Buffer.from(ours)) as never), reference.toJSON(theirs));
        const read = readV1(name, protobuf.decode(name, serialize(theirs), 'answer'), 'answer');
        assert.deepEqual(plainly(read.value), plainly(readV1(name, message, 'answer').value));
      }),
      { numRuns: 60 },
    );
  });

test('bytes that are no message are refused by the side that they come from', () => {
  const bytes = Uint8Array.of(0x0a, 0xff, 0xff);
  assert.throws(() => protobuf.decode('Task', bytes, 'answer'), { code: 'upstream_invalid' });
  assert.throws(() => protobuf.decode('GetTaskRequest', bytes, 'ask'), { code: 'bad_request' });
});

test('data that nests without end is refused and not followed', () => {
  let nested: Buffer = Buffer.alloc(0);
  const wrap = (tag: number, inner: Buffer): Buffer => {
    const length: number[] = [];
    for (let rest = inner.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([tag, ...length]), inner]);
  };
  for (let depth = 0; depth < 5_000; depth++) nested = wrap(0x32, wrap(0x0a, nested));
  const part = wrap(0x22, nested);
  const task = Buffer.concat([wrap(0x0a, Buffer.from('t')), wrap(0x2a, wrap(0x2a, part))]);
  assert.throws(() => protobuf.decode('Task', task, 'answer'), { code: 'upstream_invalid' });
});

test('0.3 has its own protobuf', () => {
  const event = eventTo03({ statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_CANCELED' } } });
  const bytes = protobuf03.encode('StreamResponse', eventToProto03(event.value));
  assert.deepEqual(protobuf03.decode('StreamResponse', bytes, 'answer'), {
    statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_CANCELLED' }, final: true },
  });
});

interface Reference03 {
  readonly path: string;
  readonly requestSerialize: (message: unknown) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (message: unknown) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}
const REFERENCE_03 = Object.values(A2AService03) as unknown as readonly Reference03[];

/** The reference is older than the metadata of parts and the names of files. */
const asOfThen = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (name, found) => {
    if (name === 'content' || name === 'parts')
      return found.map(({ metadata: _, ...part }: { readonly metadata?: unknown }) => part);
    if (name !== 'file') return found;
    const { name: _, ...file } = found;
    return file;
  });

/** Whatever the reference does not know it leaves out, and what it reads otherwise it writes otherwise. */
test('each message of gRPC 0.3 comes back from the reference as it was', () => {
  const spoken = OPERATIONS.filter(({ grpc03 }) => grpc03 !== '');
  assert.deepEqual(
    spoken.map(({ grpc03 }) => `/${protobuf03.service}/${grpc03}`).sort(),
    REFERENCE_03.map(({ path }) => path).sort(),
  );
  for (const { grpc03, request03, answer03 } of spoken) {
    const theirs = REFERENCE_03.find(({ path }) => path.endsWith(`/${grpc03}`))!;
    const passes = (name: string, pass: (bytes: Buffer) => Buffer): void =>
      fc.assert(
        fc.property(anyProto03(name), (message) => {
          // The reference makes 0 of it.
          fc.pre(!JSON.stringify(message).includes('null'));
          const ours = protobuf03.encode(name, message);
          const back = pass(Buffer.from(ours));
          const [read, wanted] = [back, ours].map((bytes) => asOfThen(protobuf03.decode(name, bytes, 'ask')));
          assert.deepEqual(read, wanted);
        }),
        { numRuns: 15 },
      );
    passes(request03, (bytes) => theirs.requestSerialize(theirs.requestDeserialize(bytes)));
    passes(answer03, (bytes) => theirs.responseSerialize(theirs.responseDeserialize(bytes)));
  }
});

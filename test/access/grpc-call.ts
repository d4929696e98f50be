/** Requests over gRPC for the agent of the scene, as any client of either version sends them, and what came of one. */
import { Buffer } from 'node:buffer';
import type http2 from 'node:http2';
import { OPERATIONS, type OperationFacts, protobuf, protobuf03 } from '../../src/dialects/a2a/index.ts';
import type { Headers } from './exchange.ts';
import { TARGETS } from './people.ts';

export type GrpcVersion = '1.0' | '0.3';

export interface GrpcAnswer {
  /** Of gRPC. */
  readonly status: number;
  /** What the answer is made of, and what the trailers say, as they came. */
  readonly text: string;
  /** Of the answer or the first event; undefined: there is none. */
  readonly message: unknown;
}

const VERSIONS: readonly GrpcVersion[] = ['1.0', '0.3'];
const { name: ORDERS, operation: WHERE } = TARGETS.agent;

const methodIn = (version: GrpcVersion, { method, grpc03 }: OperationFacts): string =>
  version === '1.0' ? method : grpc03;

export const METHODS = VERSIONS.flatMap((version) =>
  OPERATIONS.filter((facts) => methodIn(version, facts) !== '').map((facts) => ({ version, facts })),
);

/** In 0.3 the metadata says for whom a request is. */
const namesIn = (version: GrpcVersion): Headers => (version === '0.3' ? { 'airspace-target': ORDERS } : {});

let sent = 0;
/** `task`: the one that it is about, where it is about one. */
export const requestFor = (version: GrpcVersion, { method }: OperationFacts, task: string): object => {
  const said = { messageId: `m-${++sent}`, role: 'ROLE_USER', metadata: { skill: WHERE } };
  const id = 'c1';
  const hook = { id, url: 'https://example.com/hook' };
  const config = `tasks/${task}/pushNotificationConfigs/${id}`;
  switch (`${method} ${version}`) {
    case 'SendMessage 1.0':
    case 'SendStreamingMessage 1.0':
      return { tenant: ORDERS, message: { ...said, parts: [{ text: 'hello' }] } };
    case 'SendMessage 0.3':
    case 'SendStreamingMessage 0.3':
      return { message: { ...said, content: [{ text: 'hello' }] } };
    case 'ListTasks 1.0':
    case 'GetExtendedAgentCard 1.0':
      return { tenant: ORDERS };
    case 'GetExtendedAgentCard 0.3':
      return {};
    case 'CreateTaskPushNotificationConfig 1.0':
      return { tenant: ORDERS, taskId: task, ...hook };
    case 'CreateTaskPushNotificationConfig 0.3':
      return { parent: `tasks/${task}`, configId: id, config: { pushNotificationConfig: hook } };
    case 'ListTaskPushNotificationConfigs 0.3':
      return { parent: `tasks/${task}` };
    case 'GetTaskPushNotificationConfig 0.3':
    case 'DeleteTaskPushNotificationConfig 0.3':
      return { name: config };
    default:
      if (version === '0.3') return { name: `tasks/${task}` };
      return { tenant: ORDERS, ...(method.includes('Push') ? { taskId: task, id } : { id: task }) };
  }
};

export const callGrpc = async (
  session: http2.ClientHttp2Session,
  version: GrpcVersion,
  facts: OperationFacts,
  message: object,
  headers: Headers,
): Promise<GrpcAnswer> => {
  const codec = version === '1.0' ? protobuf : protobuf03;
  const request = codec.encode(version === '1.0' ? facts.request : facts.request03, message);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${codec.service}/${methodIn(version, facts)}`,
    ...(version === '1.0' ? { 'a2a-version': '1.0' } : {}),
    ...namesIn(version),
    ...headers,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.byteLength, 1);
  stream.end(Buffer.concat([head, request]));
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('response', (found) => {
    trailers = { ...trailers, ...found };
  });
  stream.on('trailers', (found) => {
    trailers = { ...trailers, ...found };
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const details = Buffer.from(String(trailers['grpc-status-details-bin'] ?? ''), 'base64').toString('latin1');
  return {
    status: Number(trailers['grpc-status'] ?? -1),
    text: `${bytes.toString('latin1')} ${trailers['grpc-message'] ?? ''} ${details}`,
    message:
      bytes.byteLength < 5
        ? undefined
        : codec.decode(
            version === '1.0' ? facts.answer : facts.answer03,
            bytes.subarray(5, 5 + bytes.readUInt32BE(1)),
            'answer',
          ),
  };
};

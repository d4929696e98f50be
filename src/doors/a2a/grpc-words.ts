/** What each version of A2A says over gRPC: its service, its messages, and what they are for the core, which thinks in 1.0. */
import type { IncomingHttpHeaders } from 'node:http2';
import { Fault, HEADERS } from '../../contract/index.ts';
import {
  byGrpc03,
  byMethod,
  type Codec,
  EXTENSIONS_HEADER,
  EXTENSIONS_HEADER_03,
  type OperationFacts,
  protobuf,
  protobuf03,
  type StreamResponse,
} from '../../dialects/a2a/index.ts';
import { addressedBy, paramsOfGrpc03 } from './grpc-old.ts';
import { paramsFrom03 } from './old.ts';
import { answerInProto03, eventInProto03 } from './proto-old.ts';
import { refusal } from './refuse.ts';
import type { Addressed } from './targets.ts';
import { type Version, versionOf } from './version.ts';

export interface Words {
  readonly version: Version;
  readonly codec: Codec;
  readonly extensions: string;
  /** Undefined: there is no such method. */
  find(name: string): OperationFacts | undefined;
  messages(facts: OperationFacts): { readonly request: string; readonly answer: string };
  /** Throw `bad_request`. */
  params(method: string, request: unknown): unknown;
  /** Null: the parameters say. */
  addressed(headers: IncomingHttpHeaders): Addressed;
  answer(method: string, value: object): object;
  event(event: StreamResponse): object;
}

/** The service in the path says the version. Throws with the reason `METHOD_NOT_FOUND`. */
export const methodOf = (path: string): { readonly words: Words; readonly facts: OperationFacts } => {
  for (const words of [V1, V03]) {
    const root = `/${words.codec.service}/`;
    const facts = path.startsWith(root) ? words.find(path.slice(root.length)) : undefined;
    if (facts !== undefined) return { words, facts };
  }
  throw new Fault('bad_request', `there is no method \`${path.slice(0, 100)}\``, {
    facts: { rpc: 'METHOD_NOT_FOUND' },
  });
};

/** Who says nothing speaks 0.3, over gRPC too. Throws `VERSION_NOT_SUPPORTED`. */
export const throwIfAnother = (version: Version, said: string): void => {
  if (versionOf(said) === version) return;
  throw refusal(
    'VERSION_NOT_SUPPORTED',
    version === '1.0'
      ? `service \`${protobuf.service}\` is of A2A 1.0: send the metadata a2a-version: 1.0, or call \`${protobuf03.service}\``
      : `service \`${protobuf03.service}\` is of A2A 0.3: call \`${protobuf.service}\`, or leave a2a-version out`,
  );
};

const V1: Words = {
  version: '1.0',
  codec: protobuf,
  extensions: EXTENSIONS_HEADER,
  find: byMethod,
  messages: ({ request, answer }) => ({ request, answer }),
  params: (_, request) => request,
  addressed: () => null,
  answer: (_, value) => value,
  event: (event) => event,
};

const V03: Words = {
  version: '0.3',
  codec: protobuf03,
  extensions: EXTENSIONS_HEADER_03,
  find: byGrpc03,
  messages: ({ request03, answer03 }) => ({ request: request03, answer: answer03 }),
  params: (method, request) => paramsFrom03(method, paramsOfGrpc03(method, request)),
  addressed: (headers) => addressedBy(headers[HEADERS.target]),
  answer: answerInProto03,
  event: eventInProto03,
};

/** Plain clients of A2A for requirements: each version and binding in its own words on the wire, and answers in those of 1.0. */
import http2 from 'node:http2';
import {
  byMethod,
  type Codec,
  errorFromGrpc,
  errorFromHttp,
  errorFromRpc,
  eventFrom03,
  eventFromProto03,
  type OperationFacts,
  protobuf,
  protobuf03,
  sendParamsTo03,
  sendToProto03,
  taskFrom03,
  taskFromProto03,
} from '../../src/dialects/a2a/index.ts';
import { readEvents } from '../../src/dialects/index.ts';

/** Where something speaks A2A. */
export interface Place {
  readonly card: string;
  readonly rpc: string;
  readonly rest: string;
  /** `host:port`; empty: not here. */
  readonly grpc: string;
  /** Of 0.3. */
  readonly grpc03: string;
  /** Names the agent where the address does not. */
  readonly tenant: string;
  /** Empty: nobody asks for one. */
  readonly key: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire is looked into by requirements
export type Json = any;

export type Said =
  | { readonly ok: true; readonly value: Json; readonly type: string }
  | { readonly ok: false; readonly reason: string; readonly status: number; readonly raw: Json };

export interface Options {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Speaker {
  readonly name: string;
  readonly version: '1.0' | '0.3';
  readonly binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC';
  ask(method: string, params: Json, options?: Options): Promise<Said>;
  /** Events of a stream; throws `Refused` when it does not begin. */
  follow(method: string, params: Json, options?: Options): AsyncGenerator<Json>;
}

export class Refused extends Error {
  readonly said: Extract<Said, { ok: false }>;

  constructor(said: Extract<Said, { ok: false }>) {
    super(said.reason);
    this.said = said;
  }
}

export const speakersAt = (place: Place): readonly Speaker[] => [
  rpcSpeaker(place, '1.0'),
  restSpeaker(place, '1.0'),
  ...(place.grpc === '' ? [] : [grpcSpeaker(place, GRPC_10)]),
  rpcSpeaker(place, '0.3'),
  restSpeaker(place, '0.3'),
  ...(place.grpc03 === '' ? [] : [grpcSpeaker(place, GRPC_03)]),
];

const headersOf = ({ key }: Place, version: string, more: Options['headers'] = {}): Record<string, string> => ({
  'content-type': 'application/json',
  ...(version === '1.0' ? { 'a2a-version': '1.0' } : {}),
  ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
  ...more,
});

/** Parameters of 1.0 in the words of 0.3. */
const in03 = (method: string, params: Json): Json => {
  if (method.startsWith('Send')) return params.message === undefined ? params : sendParamsTo03(params).value;
  if (method === 'CreateTaskPushNotificationConfig') {
    const { taskId, authentication, ...config } = params;
    const old =
      authentication === undefined
        ? {}
        : { authentication: { schemes: [authentication.scheme], credentials: authentication.credentials } };
    return { taskId, pushNotificationConfig: { ...config, ...old } };
  }
  if (method.includes('PushNotification')) return { id: params.taskId, pushNotificationConfigId: params.id };
  return params;
};

const from03 = (method: string, value: Json): Json => {
  if (method === 'SendMessage') return eventFrom03(value);
  if (method === 'GetTask' || method === 'CancelTask') return taskFrom03(value);
  if (method === 'ListTaskPushNotificationConfigs') return { configs: (value as Json[]).map(pushFrom03) };
  if (method.includes('TaskPushNotificationConfig') && !method.startsWith('Delete')) return pushFrom03(value);
  return value;
};

const pushFrom03 = ({ taskId, pushNotificationConfig }: Json): Json => ({ taskId, ...pushNotificationConfig });

const rpcSpeaker = (place: Place, version: '1.0' | '0.3'): Speaker => {
  const post = (method: string, params: Json, { headers, signal }: Options): Promise<Response> => {
    const facts = byMethod(method);
    const name = version === '1.0' ? method : (facts?.method03 ?? method);
    const told = version === '1.0' ? params : in03(method, params);
    return fetch(place.rpc, {
      method: 'POST',
      headers: headersOf(place, version, headers),
      body: JSON.stringify({ jsonrpc: '2.0', id: 'q-1', method: name, params: told }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const saidIn = (method: string, payload: Json, status: number, type: string): Said => {
    if (payload.error !== undefined)
      return { ok: false, reason: errorFromRpc(payload.error).reason, status, raw: payload };
    return { ok: true, value: version === '1.0' ? payload.result : from03(method, payload.result), type };
  };
  return {
    name: `JSON-RPC ${version}`,
    version,
    binding: 'JSONRPC',
    ask: async (method, params, options = {}) => {
      const response = await post(method, params, options);
      return saidIn(method, await response.json(), response.status, response.headers.get('content-type') ?? '');
    },
    follow: async function* (method, params, options = {}) {
      const response = await post(method, params, options);
      const type = response.headers.get('content-type') ?? '';
      if (!type.startsWith('text/event-stream')) {
        const said = saidIn(method, await response.json(), response.status, type);
        if (!said.ok) throw new Refused(said);
        return;
      }
      for await (const { data } of readEvents(response.body as unknown as AsyncIterable<Uint8Array>)) {
        const payload = JSON.parse(data);
        if (payload.error !== undefined) throw new Refused(saidIn(method, payload, 200, type) as never);
        yield version === '1.0' ? payload.result : eventFrom03(payload.result);
      }
    },
  };
};

const restSpeaker = (place: Place, version: '1.0' | '0.3'): Speaker => {
  const send = (method: string, params: Json, { headers, signal }: Options): Promise<Response> => {
    const facts = byMethod(method) as OperationFacts;
    const rest = { ...params };
    const path = facts.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = encodeURIComponent(String(rest[name] ?? ''));
      delete rest[name];
      return value;
    });
    const body = version === '1.0' ? rest : proto03(method, rest, params.taskId);
    const query = facts.verb === 'GET' ? `?${new URLSearchParams(rest)}` : '';
    return fetch(`${place.rest}${version === '0.3' ? '/v1' : ''}${path}${query}`, {
      method: facts.verb,
      headers: headersOf(place, version, headers),
      ...(facts.verb === 'POST' ? { body: JSON.stringify(body) } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const saidIn = async (method: string, response: Response): Promise<Said> => {
    const text = await response.text();
    const payload = text === '' ? {} : JSON.parse(text);
    const type = response.headers.get('content-type') ?? '';
    if (!response.ok)
      return {
        ok: false,
        reason: errorFromHttp(payload, response.status).reason,
        status: response.status,
        raw: payload,
      };
    return { ok: true, value: version === '1.0' ? payload : fromProto03(method, payload), type };
  };
  return {
    name: `REST ${version}`,
    version,
    binding: 'HTTP+JSON',
    ask: async (method, params, options = {}) => saidIn(method, await send(method, params, options)),
    follow: async function* (method, params, options = {}) {
      const response = await send(method, params, options);
      const type = response.headers.get('content-type') ?? '';
      if (!type.startsWith('text/event-stream')) {
        const said = await saidIn(method, response);
        if (!said.ok) throw new Refused(said);
        return;
      }
      for await (const { data } of readEvents(response.body as unknown as AsyncIterable<Uint8Array>)) {
        const payload = JSON.parse(data);
        if (payload.error !== undefined)
          throw new Refused({ ok: false, reason: errorFromHttp(payload, 500).reason, status: 200, raw: payload });
        yield version === '1.0' ? payload : eventFrom03(eventFromProto03(named(payload)));
      }
    },
  };
};

/** REST of 0.3 is protobuf written as JSON. */
const proto03 = (method: string, params: Json, taskId: string): Json => {
  if (method.startsWith('Send') && params.message !== undefined) return sendToProto03(in03(method, params));
  if (method !== 'CreateTaskPushNotificationConfig') return params;
  const { pushNotificationConfig } = in03(method, params);
  const name = `tasks/${taskId}/pushNotificationConfigs/${params.id}`;
  return { parent: `tasks/${taskId}`, configId: params.id, config: { name, pushNotificationConfig } };
};

const named = ({ message, ...rest }: Json): Json => (message === undefined ? rest : { msg: message });

const fromProto03 = (method: string, value: Json): Json => {
  if (method === 'SendMessage') return eventFrom03(eventFromProto03(named(value)));
  if (method === 'GetTask' || method === 'CancelTask') return taskFrom03(taskFromProto03(value));
  const push = ({ pushNotificationConfig }: Json): Json => pushNotificationConfig;
  if (method === 'ListTaskPushNotificationConfigs') return { configs: value.configs.map(push) };
  return method.includes('TaskPushNotificationConfig') && !method.startsWith('Delete') ? push(value) : value;
};

/** What the versions of gRPC say otherwise. */
interface GrpcWords {
  readonly version: Speaker['version'];
  readonly address: (place: Place) => string;
  readonly codec: Codec;
  readonly method: (facts: OperationFacts) => string;
  readonly request: (facts: OperationFacts, params: Json) => Uint8Array;
  readonly answer: (facts: OperationFacts, bytes: Uint8Array) => Json;
  /** In metadata, where the messages have no place for it. */
  readonly tenant: (tenant: string) => Readonly<Record<string, string>>;
}

const GRPC_10: GrpcWords = {
  version: '1.0',
  address: ({ grpc }) => grpc,
  codec: protobuf,
  method: ({ method }) => method,
  request: ({ request }, params) => protobuf.encode(request, params),
  answer: ({ answer }, bytes) => protobuf.decode(answer, bytes, 'answer'),
  tenant: () => ({}),
};

const GRPC_03: GrpcWords = {
  version: '0.3',
  address: ({ grpc03 }) => grpc03,
  codec: protobuf03,
  method: ({ grpc03 }) => grpc03,
  request: ({ method, request03 }, { tenant: _, ...params }) => protobuf03.encode(request03, grpc03(method, params)),
  answer: ({ method, answer03, isStream }, bytes) => {
    const value = protobuf03.decode(answer03, bytes, 'answer') as Json;
    return isStream ? eventFrom03(eventFromProto03(value)) : fromProto03(method, value);
  },
  tenant: (tenant): Readonly<Record<string, string>> => (tenant === '' ? {} : { 'airspace-target': tenant }),
};

/** gRPC of 0.3 names what others give the ids of. */
const grpc03 = (method: string, params: Json): Json => {
  const { id, taskId, ...rest } = params;
  if (method.startsWith('Send')) return proto03(method, params, '');
  if (method === 'CreateTaskPushNotificationConfig') return proto03(method, params, taskId);
  if (method === 'ListTaskPushNotificationConfigs') return { parent: `tasks/${taskId}` };
  if (method.includes('TaskPushNotificationConfig')) return { name: `tasks/${taskId}/pushNotificationConfigs/${id}` };
  return id === undefined ? {} : { ...rest, name: `tasks/${id}` };
};

const grpcSpeaker = (place: Place, words: GrpcWords): Speaker => {
  const { version } = words;
  const call = (facts: OperationFacts, params: Json, { headers = {}, signal }: Options) => {
    const session = http2.connect(`http://${words.address(place)}`);
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${words.codec.service}/${words.method(facts)}`,
      ...words.tenant(place.tenant),
      ...headersOf(place, version, headers),
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    signal?.addEventListener('abort', () => stream.close(http2.constants.NGHTTP2_CANCEL));
    const message = words.request(facts, place.tenant === '' ? params : { ...params, tenant: place.tenant });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.byteLength, 1);
    stream.end(Buffer.concat([prefix, message]));
    return { stream, close: () => session.close() };
  };
  async function* messages(method: string, params: Json, options: Options): AsyncGenerator<Json> {
    const facts = byMethod(method) as OperationFacts;
    const { stream, close } = call(facts, params, options);
    let trailers: Record<string, unknown> = {};
    stream.on('response', (headers) => {
      trailers = { ...trailers, ...headers };
    });
    stream.on('trailers', (headers) => {
      trailers = { ...trailers, ...headers };
    });
    let rest = Buffer.alloc(0);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
          const end = 5 + rest.readUInt32BE(1);
          yield words.answer(facts, rest.subarray(5, end));
          rest = rest.subarray(end);
        }
      }
    } finally {
      close();
    }
    const status = Number(trailers['grpc-status'] ?? 2);
    if (status === 0) return;
    const text = decodeURIComponent(String(trailers['grpc-message'] ?? ''));
    const details = reasonIn(String(trailers['grpc-status-details-bin'] ?? ''));
    const error = errorFromGrpc(status, text, details);
    throw new Refused({ ok: false, reason: error.reason, status, raw: { status, text, details } });
  }
  return {
    name: `gRPC ${version}`,
    version,
    binding: 'GRPC',
    ask: async (method, params, options = {}) => {
      try {
        for await (const value of messages(method, params, options))
          return { ok: true, value, type: 'application/grpc' };
        return { ok: true, value: {}, type: 'application/grpc' };
      } catch (thrown) {
        if (thrown instanceof Refused) return thrown.said;
        throw thrown;
      }
    },
    follow: (method, params, options = {}) => messages(method, params, options),
  };
};

/** The reason in the details, without reading all of them: it is the one text in capitals behind the name of the type. */
const reasonIn = (base64: string): readonly object[] => {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  const reason = /google\.rpc\.ErrorInfo[\s\S]*?([A-Z][A-Z_]{3,62})/.exec(text)?.[1];
  if (reason === undefined) return [];
  return [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'a2a-protocol.org' }];
};

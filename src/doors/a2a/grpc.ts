/** A2A over gRPC, 1.0 and 0.3 beside each other: one stream of HTTP/2 for each request, the same core behind it as behind JSON and REST. */
import { Buffer } from 'node:buffer';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Fault } from '../../contract/index.ts';
import { GRPC_STATUS, type StreamResponse, VERSION_HEADER } from '../../dialects/a2a/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { readInbound } from '../http/index.ts';
import type { Channel } from './channel.ts';
import { extensionsOut } from './extensions.ts';
import { methodOf, throwIfAnother } from './grpc-words.ts';
import { grpcDetails } from './rich-status.ts';
import type { A2aService } from './service.ts';
import { errorOf } from './status.ts';
import { extensionsIn } from './version.ts';

export type GrpcDoor = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** Of one request. */
const MOST_BYTES = 4 * 1024 * 1024;
const PREFIX = 5;
const TYPE = /^application\/grpc(?:\+proto)?$/;

export const grpcDoor =
  (service: A2aService): GrpcDoor =>
  (stream, headers) => {
    stream.on('error', () => {});
    void answer(service, stream, headers).catch(() => stream.destroy());
  };

const answer = async (service: A2aService, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> => {
  if (headers[':method'] !== 'POST' || !TYPE.test(String(headers['content-type'] ?? ''))) {
    stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
    return;
  }
  const left = new Canceller();
  stream.once('close', () => left.cancel(new Fault('cancelled', 'the caller went away')));
  const sink = new Sink(stream);
  try {
    const { words, facts } = methodOf(String(headers[':path']));
    throwIfAnother(words.version, textOf(headers[VERSION_HEADER]));
    const { codec } = words;
    const { request, answer } = words.messages(facts);
    const payload = codec.decode(request, await bytesOf(stream, headers), 'ask');
    const inbound = readInbound(rawOf(headers));
    const extensions = extensionsIn(textOf(headers[words.extensions]));
    sink.with(extensionsOut(extensions, words.version));
    const performed = await service.perform({
      method: facts.method,
      params: words.params(facts.method, payload),
      addressed: words.addressed(headers),
      inbound: { ...inbound, credential: service.options.known?.(inbound.credential) ?? inbound.credential },
      version: words.version,
      extensions,
      left,
    });
    if (performed.kind === 'one') await sink.write(codec.encode(answer, words.answer(facts.method, performed.value)));
    else await pass(performed.events, sink, (event) => codec.encode(answer, words.event(event)));
    sink.end('OK', '');
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') service.options.onInternal?.(fault.cause ?? fault, { path: headers[':path'] });
    const error = errorOf(fault);
    sink.end(error.grpc, error.message, grpcDetails(error));
  }
};

const pass = async (
  events: Channel<StreamResponse>,
  sink: Sink,
  encode: (event: StreamResponse) => Uint8Array,
): Promise<void> => {
  sink.begin();
  for await (const event of events) await sink.write(encode(event));
};

const textOf = (value: string | readonly string[] | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : value.join(',');

/** As they came, without those that are HTTP/2's own. */
const rawOf = (headers: IncomingHttpHeaders): string[] =>
  Object.entries(headers).flatMap(([name, value]) => {
    if (name.startsWith(':') || name.startsWith('grpc-') || name === 'te' || value === undefined) return [];
    return Array.isArray(value) ? value.flatMap((one) => [name, one]) : [name, String(value)];
  });

/** The one message of the request. Throws `bad_request` and `too_large`. */
const bytesOf = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Uint8Array> => {
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new Fault('bad_request', 'compressed messages are not taken', { facts: { rpc: 'METHOD_NOT_FOUND' } });
  const parts: Buffer[] = [];
  let size = 0;
  // A stream that is destroyed has no answer.
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MOST_BYTES + PREFIX)
      throw new Fault('too_large', `the request is larger than the limit of ${MOST_BYTES} bytes`);
    parts.push(chunk);
  }
  const bytes = Buffer.concat(parts, size);
  if (size < PREFIX || bytes[0] !== 0 || bytes.readUInt32BE(1) !== size - PREFIX)
    throw new Fault('bad_request', 'the request is not one message that is not compressed');
  return bytes.subarray(PREFIX);
};

/** The answer as it goes: the head once, messages, and the status as trailers. */
class Sink {
  readonly #stream: ServerHttp2Stream;
  #trailers: Record<string, string> = {};
  #head: Record<string, string> = {};
  #hasBegun = false;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  /** Names and values in turns, before it begins. */
  with([name, value]: readonly string[]): void {
    if (name !== undefined && value !== undefined) this.#head = { [name]: value };
  }

  begin(): void {
    if (this.#hasBegun || this.#stream.destroyed || this.#stream.closed) return;
    this.#hasBegun = true;
    this.#stream.once('wantTrailers', () => {
      this.#stream.sendTrailers(this.#trailers);
      // A caller that still sends is not listened to any more.
      if (!this.#stream.readableEnded) setImmediate(() => this.#stream.close(constants.NGHTTP2_NO_ERROR));
    });
    const head = { ':status': 200, 'content-type': 'application/grpc+proto', ...this.#head };
    this.#stream.respond(head, { waitForTrailers: true });
  }

  /** Resolves when its reader takes more. */
  async write(message: Uint8Array): Promise<void> {
    this.begin();
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(message.byteLength, 1);
    if (this.#stream.destroyed || this.#stream.write(Buffer.concat([prefix, message]))) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('drain', resolve);
      this.#stream.once('close', resolve);
    });
  }

  end(status: keyof typeof GRPC_STATUS, message: string, details = ''): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    this.begin();
    this.#trailers = {
      'grpc-status': String(GRPC_STATUS[status]),
      ...(message === '' ? {} : { 'grpc-message': escaped(message) }),
      ...(details === '' ? {} : { 'grpc-status-details-bin': details }),
    };
    this.#stream.end();
  }
}

/** Percent-encoded where it is not visible ASCII. */
const escaped = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');

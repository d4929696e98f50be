/** `google.rpc.Status` with one `google.rpc.ErrorInfo`, as the metadata `grpc-status-details-bin` carries it: a few fields, written by hand. */
import { Buffer } from 'node:buffer';
import { type A2aError, DOMAIN, GRPC_STATUS } from '../../dialects/a2a/index.ts';

const INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
/** Headers are bounded, by us and by others. */
const MOST_BYTES = 6_000;

/** Base64; empty when it would be too long for a header. */
export const grpcDetails = (error: A2aError): string => {
  const { reason, message, grpc, domain = DOMAIN, metadata = {} } = error;
  const info = Buffer.concat([
    text(1, reason),
    text(2, domain),
    ...Object.entries(metadata).map(([key, value]) => bytes(3, Buffer.concat([text(1, key), text(2, value)]))),
  ]);
  const any = Buffer.concat([text(1, INFO), bytes(2, info)]);
  const status = Buffer.concat([varint((1 << 3) | 0), varint(GRPC_STATUS[grpc]), text(2, message), bytes(3, any)]);
  return status.byteLength > MOST_BYTES ? '' : status.toString('base64').replace(/=+$/, '');
};

const varint = (value: number): Buffer => {
  const out: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...out, rest]);
    out.push((rest & 0x7f) | 0x80);
  }
};

const bytes = (field: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(content.byteLength), content]);

const text = (field: number, content: string): Buffer => bytes(field, Buffer.from(content));

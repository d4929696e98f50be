/** Messages in protobuf, as gRPC carries them: descriptors are made from the tables that JSON is read with. */
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import type * as Protobuf from '@bufbuild/protobuf';
import type * as WellKnown from '@bufbuild/protobuf/wkt';
import { Fault } from '../../contract/index.ts';
import { type A2aError, DOMAIN, ERROR_INFO, GRPC_STATUS } from './errors.ts';
import type { Side } from './read.ts';
import { type Field, type Vocabulary, vocabularyOf } from './table.ts';
import { V1 } from './v1.ts';
import { PROTO_03 } from './v03/proto.ts';

export interface Codec {
  /** Of the service: `/{service}/{method}` is the path of a call. */
  readonly service: string;
  /** `message` is what was read with `readV1`, or is ours: it fits. */
  encode(name: string, message: unknown): Uint8Array;
  /** JSON of the message, still to be read with bounds. Throws what `side` says. */
  decode(name: string, bytes: Uint8Array, side: Side): unknown;
}

/** Deepest nesting; that of JSON is bounded by its guard. */
const MAX_DEPTH = 64;

const require = createRequire(import.meta.url);

/** Loaded when it is first wanted, and at once: most nodes never speak gRPC, and should not pay for it. */
const library = (): typeof Protobuf => require('@bufbuild/protobuf') as typeof Protobuf;
const wellKnown = (): typeof WellKnown => require('@bufbuild/protobuf/wkt') as typeof WellKnown;

const codecOf = (packageName: string, vocabulary: Vocabulary): Codec => {
  let registry: Protobuf.FileRegistry | undefined;
  const messageOf = (name: string): Protobuf.DescMessage => {
    registry ??= registryOf(packageName, vocabulary);
    const found = registry.getMessage(`${packageName}.${name}`);
    if (found === undefined) throw new Fault('internal', `there is no A2A message \`${name}\``);
    return found;
  };
  return {
    service: `${packageName}.A2AService`,
    encode: (name, message) => {
      const { fromJson, toBinary } = library();
      const type = messageOf(name);
      const value = fromJson(type, message as Protobuf.JsonValue, {
        ignoreUnknownFields: true,
        recursionLimit: 2 * MAX_DEPTH,
      });
      return toBinary(type, value, { writeUnknownFields: false });
    },
    decode: (name, bytes, side) => {
      const { fromBinary, toJson } = library();
      const type = messageOf(name);
      try {
        return toJson(type, fromBinary(type, bytes, { readUnknownFields: false, recursionLimit: 2 * MAX_DEPTH }));
      } catch (cause) {
        if (side === 'ask') throw new Fault('bad_request', `the request is no \`${name}\` in protobuf`, { cause });
        throw new Fault('upstream_invalid', `the agent answered something that is no \`${name}\` in protobuf`, {
          executed: 'yes',
          cause,
        });
      }
    },
  };
};

/** Of A2A 1.0. */
export const protobuf = codecOf('lf.a2a.v1', V1);
/** Of A2A 0.3, in the shapes of `a2a.v1`. */
export const protobuf03 = codecOf('a2a.v1', PROTO_03);

/** What stands in `grpc-status-details-bin`. */
const details = codecOf(
  'google.rpc',
  vocabularyOf(
    {
      Status: { code: '1 int32', message: '2 string', details: '3 Packed[]' },
      // Any has a form of its own in JSON, which would have to know every type.
      Packed: { typeUrl: '1 string', value: '2 bytes' },
      ErrorInfo: { reason: '1 string', domain: '2 string', metadata: '3 map<string>' },
    },
    {},
  ),
);

export const encodeStatus = (error: A2aError): Uint8Array => {
  const { reason, domain = DOMAIN, metadata = {} } = error;
  const value = Buffer.from(details.encode('ErrorInfo', { reason, domain, metadata })).toString('base64');
  return details.encode('Status', {
    code: GRPC_STATUS[error.grpc],
    message: error.message,
    details: [{ typeUrl: ERROR_INFO, value }],
  });
};

/** What `errorFromGrpc` takes as details. Never throws: whoever fails may say it badly. */
export const decodeDetails = (bytes: Uint8Array): readonly unknown[] => {
  try {
    const status = details.decode('Status', bytes, 'answer') as { readonly details?: readonly Packed[] };
    return (status.details ?? []).slice(0, 20).flatMap(({ typeUrl, value }) => {
      if (typeUrl !== ERROR_INFO) return [];
      const info = details.decode('ErrorInfo', Buffer.from(value ?? '', 'base64'), 'answer');
      return [{ '@type': ERROR_INFO, ...(info as object) }];
    });
  } catch {
    return [];
  }
};

interface Packed {
  readonly typeUrl?: string;
  readonly value?: string;
}

/** Numbers of `FieldDescriptorProto.Type`. */
const TYPES: Readonly<Record<string, WellKnown.FieldDescriptorProto_Type>> = {
  string: 9,
  id: 9,
  bytes: 12,
  bool: 8,
  int32: 5,
};
const MESSAGE: WellKnown.FieldDescriptorProto_Type = 11;
const ENUM: WellKnown.FieldDescriptorProto_Type = 14;
const OPTIONAL: WellKnown.FieldDescriptorProto_Label = 1;
const REPEATED: WellKnown.FieldDescriptorProto_Label = 3;
const BORROWED: Readonly<Record<string, string>> = {
  Struct: '.google.protobuf.Struct',
  Value: '.google.protobuf.Value',
  Timestamp: '.google.protobuf.Timestamp',
};

const registryOf = (packageName: string, vocabulary: Vocabulary): Protobuf.FileRegistry => {
  const { create, createFileRegistry } = library();
  const { FileDescriptorProtoSchema, file_google_protobuf_struct, file_google_protobuf_timestamp } = wellKnown();
  const borrowed = [file_google_protobuf_struct, file_google_protobuf_timestamp];
  const file = create(FileDescriptorProtoSchema, {
    name: `${packageName}.proto`,
    package: packageName,
    syntax: 'proto3',
    dependency: borrowed.map(({ proto }) => proto.name),
    messageType: [...vocabulary.messages].map(([name, fields]) => messageIn(packageName, name, fields, vocabulary)),
    enumType: Object.entries(vocabulary.enums).map(([name, values]) => ({
      name,
      value: values.map((value, number) => ({ name: value, number })),
    })),
  });
  return createFileRegistry(file, (name) => borrowed.find(({ proto }) => proto.name === name));
};

const messageIn = (packageName: string, name: string, fields: readonly Field[], vocabulary: Vocabulary) => {
  const groups = [...new Set(fields.map(({ group }) => group).filter((group) => group !== ''))];
  const alone = fields.filter(({ hasPresence }) => hasPresence).map((field) => `_${field.name}`);
  const all = [...groups, ...alone];
  return {
    name,
    oneofDecl: all.map((group) => ({ name: group })),
    nestedType: fields.filter(({ isMap }) => isMap).map((field) => entryIn(packageName, field, vocabulary)),
    field: fields.map((field) => {
      const group = field.group !== '' ? field.group : field.hasPresence ? `_${field.name}` : '';
      return {
        name: field.also || snake(field.name),
        jsonName: field.name,
        number: field.number,
        label: field.isList || field.isMap ? REPEATED : OPTIONAL,
        ...(field.isMap
          ? { type: MESSAGE, typeName: `.${packageName}.${name}.${entryName(field)}` }
          : typeIn(packageName, field.type, vocabulary)),
        ...(group === '' ? {} : { oneofIndex: all.indexOf(group) }),
        ...(field.hasPresence ? { proto3Optional: true } : {}),
      };
    }),
  };
};

const entryIn = (packageName: string, field: Field, vocabulary: Vocabulary) => ({
  name: entryName(field),
  options: { mapEntry: true },
  field: [
    { name: 'key', jsonName: 'key', number: 1, label: OPTIONAL, ...typeIn(packageName, 'string', vocabulary) },
    { name: 'value', jsonName: 'value', number: 2, label: OPTIONAL, ...typeIn(packageName, field.type, vocabulary) },
  ],
});

const typeIn = (packageName: string, type: string, { enums }: Vocabulary) => {
  const scalar = TYPES[type];
  if (scalar !== undefined) return { type: scalar };
  const borrowed = BORROWED[type];
  if (borrowed !== undefined) return { type: MESSAGE, typeName: borrowed };
  return { type: enums[type] === undefined ? MESSAGE : ENUM, typeName: `.${packageName}.${type}` };
};

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const entryName = ({ name }: Field): string => `${name[0]!.toUpperCase()}${name.slice(1)}Entry`;

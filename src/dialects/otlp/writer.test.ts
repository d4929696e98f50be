import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { Writer } from './writer.ts';

const number = fc.integer({ min: 1, max: 15 });
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ maxLength: 400 }), fc.constant('a\ud800'));
const digits = fc.uint8Array({ maxLength: 40 });
const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const ms = fc.oneof(fc.double({ min: 0, max: 8e12, noNaN: true }), fc.integer({ min: 0, max: 2 ** 42 }));

/** One thing that is written, by us and by the library. */
type Step = readonly [ours: (writer: Writer) => void, theirs: (writer: BinaryWriter) => void];

const nanosOf = (given: number): bigint => {
  const whole = Math.floor(given);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((given - whole) * 1_000)) * 1_000n;
};

const leaf: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(number, text)
    .map(
      ([field, value]): Step => [(writer) => writer.text(field, value), (writer) => writer.tag(field, 2).string(value)],
    ),
  fc
    .tuple(number, digits)
    .map(
      ([field, bytes]): Step => [
        (writer) => writer.hex(field, Buffer.from(bytes).toString('hex')),
        (writer) => bytes.byteLength > 0 && writer.tag(field, 2).bytes(bytes),
      ],
    ),
  fc
    .tuple(number, fc.maxSafeInteger())
    .map(
      ([field, value]): Step => [(writer) => writer.int(field, value), (writer) => writer.tag(field, 0).int64(value)],
    ),
  fc
    .tuple(number, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    .map(
      ([field, value]): Step => [(writer) => writer.int64(field, value), (writer) => writer.tag(field, 0).int64(value)],
    ),
  fc
    .tuple(number, fc.boolean())
    .map(
      ([field, value]): Step => [(writer) => writer.bool(field, value), (writer) => writer.tag(field, 0).bool(value)],
    ),
  fc
    .tuple(number, fc.double())
    .map(
      ([field, value]): Step => [
        (writer) => writer.double(field, value),
        (writer) => writer.tag(field, 1).double(value),
      ],
    ),
  fc
    .tuple(number, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
    .map(
      ([field, value]): Step => [
        (writer) => writer.fixed64(field, value),
        (writer) => writer.tag(field, 1).fixed64(value),
      ],
    ),
  fc
    .tuple(number, ms)
    .map(
      ([field, value]): Step => [
        (writer) => writer.nanos(field, value),
        (writer) => writer.tag(field, 1).fixed64(nanosOf(value)),
      ],
    ),
  fc
    .tuple(number, fc.array(count, { maxLength: 20 }))
    .map(
      ([field, values]): Step => [
        (writer) => writer.packedFixed64(field, values),
        (writer) => values.length > 0 && packed(writer, field, () => values.map((value) => writer.fixed64(value))),
      ],
    ),
  fc
    .tuple(number, fc.array(fc.double(), { maxLength: 20 }))
    .map(
      ([field, values]): Step => [
        (writer) => writer.packedDouble(field, values),
        (writer) => values.length > 0 && packed(writer, field, () => values.map((value) => writer.double(value))),
      ],
    ),
);

const packed = (writer: BinaryWriter, field: number, write: () => unknown): void => {
  writer.tag(field, 2).fork();
  write();
  writer.join();
};

const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(number, fc.integer({ min: 1, max: 3 }), fc.array(tie('step'), { maxLength: 6 })).map(
      ([field, expected, inner]): Step => [
        (writer) => {
          const from = writer.open(field, expected);
          for (const [ours] of inner) ours(writer);
          writer.close(from, expected);
        },
        (writer) => packed(writer, field, () => inner.map(([, theirs]) => theirs(writer))),
      ],
    ),
  ),
}));

test('what we write is what the library writes, byte by byte, whatever is expected of lengths', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.constantFrom(1, 64 * 1024), (steps, size) => {
      const ours = new Writer(size);
      const theirs = new BinaryWriter();
      for (const [write, again] of steps) {
        write(ours);
        again(theirs);
      }
      assert.deepEqual(Buffer.from(ours.finish()), Buffer.from(theirs.finish()));
    }),
    { numRuns: 2_000 },
  );
});

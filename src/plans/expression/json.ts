/** JSON in, JSON out: numbers without a fraction are whole numbers on the way in, and are exact on the way out or not at all. */
import { type CelInput, type CelValue, isCelList, isCelMap, isCelUint } from '@bufbuild/cel';

/** What one expression may come to. */
const MOST_PARTS = 200_000;

export const celOf = (json: unknown): CelInput => {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map(celOf);
  if (typeof json === 'object' && json !== null)
    return new Map(Object.entries(json).map(([key, value]) => [key, celOf(value)]));
  return (json ?? null) as CelInput;
};

/** Throws RangeError for what has no place in JSON. */
export const jsonOf = (value: CelValue): unknown => plain(value, { parts: 0 });

const plain = (value: CelValue, count: { parts: number }): unknown => {
  count.parts += 1;
  if (count.parts > MOST_PARTS) throw new RangeError(`it comes to more than ${MOST_PARTS} values`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return whole(value);
  if (typeof value === 'number') return finite(value);
  if (isCelUint(value)) return whole(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isCelList(value)) return Array.from(value, (one) => plain(one, count));
  if (isCelMap(value)) return Object.fromEntries(Array.from(value, ([key, one]) => [keyOf(key), plain(one, count)]));
  return timeOf(value);
};

const whole = (value: bigint): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new RangeError('it is a number beyond 2^53, which JSON cannot carry exactly');
  return number;
};

const finite = (value: number): number => {
  if (!Number.isFinite(value)) throw new RangeError(`it is ${value}, which is no number of JSON`);
  return value;
};

const keyOf = (key: unknown): string => {
  if (typeof key === 'string') return key;
  if (typeof key === 'bigint' || typeof key === 'boolean') return String(key);
  throw new RangeError('a key of it is no text');
};

interface Instant {
  readonly desc: { readonly typeName: string };
  readonly message: { readonly seconds: bigint; readonly nanos: number };
}

const timeOf = (value: unknown): string => {
  const { desc, message } = value as Partial<Instant>;
  if (message !== undefined && desc?.typeName === 'google.protobuf.Timestamp')
    return new Date(msOf({ message })).toISOString();
  if (message !== undefined && desc?.typeName === 'google.protobuf.Duration') return `${msOf({ message }) / 1000}s`;
  throw new RangeError('it is a type, which is no value of JSON');
};

const msOf = ({ message: { seconds, nanos } }: Pick<Instant, 'message'>): number =>
  Number(seconds) * 1000 + Math.floor(nanos / 1e6);

/** Unix ms of a timestamp; undefined for everything else. */
export const instantOf = (value: unknown): number | undefined => {
  const { desc, message } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Instant>;
  return message !== undefined && desc?.typeName === 'google.protobuf.Timestamp' ? msOf({ message }) : undefined;
};

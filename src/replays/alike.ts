/** Was this asked before? The same bytes are, and so is the same JSON: another version of an agent may write its fields in another order. */
import type { Call } from '../contract/index.ts';
import { isJson, payloadDigest } from '../kernel/index.ts';
import type { RecordedCall } from './recording.ts';

/** Does a record that was kept have these bytes? The journal knows how it digests. */
export type IsOfRecord = (record: NonNullable<RecordedCall['record']>, call: Call) => boolean;

/** Undefined: it was not noted what was asked. */
export const isAlike = (recorded: RecordedCall, call: Call, isOfRecord: IsOfRecord): boolean | undefined => {
  const { asked, digest, record } = recorded;
  const { body } = call;
  if (body.kind === 'stream') return undefined;
  if (digest !== undefined && digest === payloadDigest(body)) return true;
  if (record !== undefined && record.digest !== '' && isOfRecord(record, call)) return true;
  if ('text' in asked) return sameText(asked.text, textOf(body.bytes), isJson(call.contentType));
  return digest === undefined && (record === undefined || record.digest === '') ? undefined : false;
};

export const sameText = (a: string, b: string, isJsonText: boolean): boolean =>
  a === b || (isJsonText && jsonOf(a) !== undefined && jsonOf(a) === jsonOf(b));

/** Names of fields that differ; empty where that cannot be told. They come from agents: whoever shows them cleans them. */
export const otherFields = ({ asked }: RecordedCall, { body }: Call): readonly string[] => {
  if (!('text' in asked) || body.kind === 'stream') return [];
  const [then, now] = [objectOf(asked.text), objectOf(textOf(body.bytes))];
  if (then === undefined || now === undefined) return [];
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((name) => ordered(then[name]) !== ordered(now[name]))
    .slice(0, MOST_FIELDS)
    .map((name) => name.slice(0, 40));
};

const MOST_FIELDS = 5;

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const jsonOf = (text: string): string | undefined => {
  try {
    return ordered(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** The door has bounded how deep it goes. */
const ordered = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  ) ?? '';

const objectOf = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};

/** What of telemetry is kept, from the words of a command line. */
import { usage } from './failure.ts';
import type { ServeOptions } from './lifecycle.ts';
import type { RoomOptions } from './node/room.ts';

const GIB = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: GIB, TiB: 1_024 * GIB };
/** Less is full within a minute, and holds no question. */
const LEAST_BYTES = 64 * 2 ** 20;

/** Throws a usage failure for what is no size, or no share. */
export const roomOptions = ({ keepSize, sample }: Pick<ServeOptions, 'keepSize' | 'sample'>): RoomOptions => ({
  ...(keepSize === undefined ? {} : { keepBytes: bytesOf(keepSize) }),
  ...(sample === undefined ? {} : { sample: shareOf(sample) }),
});

const bytesOf = (text: string): number => {
  const [, digits, unit = ''] = /^(\d{1,6})(MiB|GiB|TiB)$/.exec(text) ?? [];
  const bytes = Number(digits) * UNITS[unit]!;
  if (!(bytes >= LEAST_BYTES)) throw usage(`--keep-size must be 64MiB or more, such as 20GiB, not \`${text}\``);
  return bytes;
};

const shareOf = (text: string): number => {
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? [];
  const share = Number(digits) / 100;
  if (!(share <= 1)) throw usage(`--sample must be from 0% to 100%, such as 10%, not \`${text}\``);
  return share;
};

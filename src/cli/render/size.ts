/** Bytes as people say them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5GiB`: the largest unit of which there is one. */
export const size = (bytes: number): string => {
  const at = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const many = bytes / 1_024 ** at;
  return `${many < 10 && at > 0 ? Number(many.toFixed(1)) : Math.round(many)}${UNITS[at]}`;
};

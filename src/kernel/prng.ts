/** A small, fast, seeded source of chance (sfc32): good enough for jitter and simulation, never for secrets. */

/** Uniform in [0, 1) with 32 bits. The same four words always give the same sequence. */
export const prng = (a: number, b: number, c: number, d: number): (() => number) => {
  let [x, y, z, counter] = [a | 0, b | 0, c | 0, d | 0];
  const next = (): number => {
    const sum = (((x + y) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = ((z << 21) | (z >>> 11)) + sum;
    z |= 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  // Similar seeds start alike; after twelve rounds they have nothing in common.
  for (let round = 0; round < 12; round += 1) next();
  return next;
};

export const seeded = (seed: number): (() => number) => prng(seed, seed / 0x1_0000_0000, 0x9e37_79b9, 1);

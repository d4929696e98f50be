/** One clock for every thread of the load generator: the kernel's monotonic time, which no thread counts from its own start. */

/** Milliseconds with a fraction, from an arbitrary origin that all threads of a process share. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

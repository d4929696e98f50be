/** What is measured: rules made ready once, requests in the engine's own form made before the clock runs, one answer each. */
import type { Request, Rule } from './rules.ts';

export interface Engine {
  readonly name: string;
  readonly prepare: (rules: readonly Rule[]) => Promise<Ready>;
}

export interface Ready {
  /** A request in the form that the engine takes. */
  readonly encode: (request: Request) => unknown;
  readonly allows: (encoded: unknown) => boolean;
}

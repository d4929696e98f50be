/** What makes an agent of the fleet a process: flags, its view of Airspace, and an orderly end. The serving is `serveAgent`'s. */
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { type Client, createClient } from '../../../src/client/index.ts';
import {
  type AgentContext,
  type Operation,
  OperationError,
  type Operations,
  serveAgent,
} from '../../../src/client/serve.ts';

/** Flags that every agent of the fleet understands, for `parseArgs`. Port 0 is any free one. */
export const FLAGS = { port: { type: 'string', default: '0' }, name: { type: 'string' } } as const;

export interface Identity {
  /** Of this process: instances of one agent differ in it. */
  readonly name: string;
  readonly port: number;
}

export const readFlags = (defaultName: string): Identity => {
  const { name = defaultName, port } = parseArgs({ options: FLAGS }).values;
  return { name, port: Number(port) };
};

/** An operation that only ever sees input of its shape; the caller hears `400` and which field was wrong. */
export const operation =
  <S extends z.ZodType>(schema: S, run: (input: z.output<S>, context: AgentContext) => unknown): Operation =>
  (input, context) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(parsed.data, context);
    const [issue] = parsed.error.issues;
    throw new OperationError(400, `\`${issue?.path.join('.') || 'input'}\`: ${issue?.message.toLowerCase()}`);
  };

const airspace = createClient({
  url: process.env['AIRSPACE_URL'] || 'http://127.0.0.1:4600',
  ...(process.env['AIRSPACE_KEY'] ? { key: process.env['AIRSPACE_KEY'] } : {}),
});

/** For calls that belong to the one that is being answered: they share its trace and session and end with it. */
export const airspaceFor = (context: AgentContext): Client => airspace.within(context);

/** How long calls in flight may take to end once the process is asked to stop. */
const DRAIN_MS = 2_000;

/** Prints `listening on http://127.0.0.1:PORT` once it can be called; ends on SIGTERM, or when its starter is gone. */
export const runAgent = async (identity: Identity, operations: Operations): Promise<void> => {
  const server = await serveAgent({ ...identity, operations });
  const end = (): void => void server.close({ drainMs: DRAIN_MS }).then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, end);
  console.log(`listening on ${server.url}`);
};

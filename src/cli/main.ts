/** The process around the command line: streams, environment, exit code. */
import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Types are stripped and code is compiled once, not at every start. Not in a folder that others can write to.
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/airspace', import.meta.url));
enableCompileCache(CACHE);
// `./airspace` has said so for this process, and not for the agents that it starts.
if (process.env['NODE_COMPILE_CACHE']?.endsWith('/node_modules/.cache/airspace'))
  delete process.env['NODE_COMPILE_CACHE'];
const [{ run }, { EXIT }] = await Promise.all([import('./run.ts'), import('./failure.ts')]);

/** For the last words to get out. */
const LINGER_MS = 3_000;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read us has seen enough, as `head` does; that is no failure.
    if (error.code === 'EPIPE') process.exit(0);
    // Nobody asked for a stack: the disk is full, or the terminal is gone.
    if (stream === process.stdout)
      writeSync(2, `error: the answer cannot be written: ${error.code ?? error.message}\n`);
    process.exit(EXIT.output);
  });
}

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
});
// What failed halfway may have left something open, and whoever watches over us waits for our end.
setTimeout(() => process.exit(), LINGER_MS).unref();

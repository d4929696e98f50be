/** A sidecar and the agent behind it as processes of their own, joined to the hub of a scene. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Scene } from './scene.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Plain HTTP: says what it was given, takes its time when asked to, and ends with 7 when told to. */
const AGENT = `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
const { AIRSPACE_URL, AIRSPACE_KEY, AIRSPACE_GRPC, AIRSPACE_TOKEN, PORT } = process.env;
writeFileSync(process.argv[2], JSON.stringify({ AIRSPACE_URL, AIRSPACE_KEY, AIRSPACE_GRPC, AIRSPACE_TOKEN, PORT }));
process.on('SIGTERM', () => { writeFileSync(process.argv[2] + '.ended', 'in order'); process.exit(0); });
createServer((req, res) => {
  if (req.url === '/quit') process.exit(7);
  setTimeout(() => res.end('done'), req.url === '/slow' ? 600 : 0);
}).listen(Number(PORT), '127.0.0.1');
`;

const joinToken = async (scene: Scene, agent: string): Promise<string> => {
  const { text } = await scene.ask('/v1/tokens', { body: { role: 'sidecar', agent } });
  return (JSON.parse(text) as { token: string }).token;
};

export interface Started {
  readonly child: ChildProcess;
  readonly token: string;
  /** File with what the agent was given. */
  readonly facts: string;
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
}

/** Runs until the test ends. Without a command: the agent above. */
export const sidecar = async (
  t: TestContext,
  scene: Scene,
  agent: string,
  command?: readonly string[],
  options: readonly string[] = [],
  folder = agent,
): Promise<Started> => {
  const token = await joinToken(scene, agent);
  await writeFile(join(scene.dir, 'agent.mjs'), AGENT);
  const facts = join(scene.dir, `${agent}.json`);
  const words = ['sidecar', 'run', '--hub', scene.hub.url, '--data', join(scene.dir, folder), '--log-level', 'debug'];
  const runs = command ?? [process.execPath, join(scene.dir, 'agent.mjs'), facts];
  const child = spawn(process.execPath, [MAIN, ...words, ...options, '--', ...runs], {
    env: { ...process.env, AIRSPACE_TOKEN: token },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  // With the agent behind it, which would otherwise live on and hold the pipe.
  t.after(() => endGroup(child.pid!));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, token, facts, ended, stderr: () => said };
};

const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Everybody has left already.
  }
};

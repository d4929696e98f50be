/** The Portkey gateway: a TypeScript gateway of the same trade on the same Node, so that the language is not the difference. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import { serializeRequest } from '../load/exchange.ts';
import { freePort, type Target, Unavailable, untilListening } from './target.ts';

const home = fileURLToPath(new URL('../peer/', import.meta.url));
const program = `${home}node_modules/@portkey-ai/gateway/build/start-server.js`;
const INSTALL_MS = 120_000;

export const peer: Target = {
  name: 'peer',
  prepare: async ({ children, say }) => {
    if (!existsSync(program)) await install(children, say);
  },
  start: async ({ upstream, children }) => {
    const port = await freePort();
    const child = children.start([process.execPath, program, '--headless', `--port=${port}`], {
      on: 'hop',
      cwd: home,
      env: { NODE_ENV: 'production' },
    });
    await untilListening(child, port, 'peer');
    const request = serializeRequest('/v1/chat/completions', {
      authorization: 'Bearer bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstream.port}/v1`,
    });
    return { pids: [child.pid], port, request, version: readVersion() };
  },
};

/** Installed apart from the product and only when asked for: its 95 packages are none of a user's business. */
async function install(children: Children, say: (line: string) => void): Promise<void> {
  say('installing the peer gateway (once) ...');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath']; // set by `npm run`; the only way to start npm without a shell on Windows
  const child = children.start(npm === undefined ? ['npm', ...args] : [process.execPath, npm, ...args], {
    on: 'any',
    cwd: home,
  });
  const timer = setTimeout(() => child.process.kill('SIGKILL'), INSTALL_MS);
  const reason = await child.ended;
  clearTimeout(timer);
  if (!existsSync(program))
    throw new Unavailable(`\`npm ci\` in bench/peer ${reason}; check the network and the npm registry`);
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(`${home}node_modules/@portkey-ai/gateway/package.json`, 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** The walk of this folder's README, command by command: what it says is what happens. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'trip-'));
const { AIRSPACE_URL: _url, AIRSPACE_KEY: _key, OPENAI_API_KEY: _model, ...rest } = process.env;
const env = { ...rest, PORT: '0', AIRSPACE_DATA: join(dir, 'data'), DIR: dir, NODE: process.execPath };

let agents: ChildProcess;

before(async () => {
  agents = spawn(process.execPath, [here('agents.ts')], { stdio: ['ignore', 'pipe', 'inherit'], env });
  let resources = readFileSync(here('trip.yaml'), 'utf8');
  for await (const line of createInterface({ input: agents.stdout! })) {
    if (line === 'ready') break;
    const [name = '', url = ''] = line.split(' ');
    resources = resources.replace(new RegExp(`(name: ${name},[\\s\\S]*?url: ")[^"]*`), `$1${url}`);
  }
  writeFileSync(join(dir, 'trip.yaml'), resources);
});

after(() => {
  agents.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** `until` and `ends with` are for readers as they are for us. */
const SHELL = `
set -euo pipefail
airspace() { "$NODE" src/cli/main.ts "$@"; }
hub() {
  : > "$DIR/up.log"
  "$NODE" src/cli/main.ts up --bare --port 0 > "$DIR/up.log" 2>&1 & HUB=$!
  until grep -q 'up in' "$DIR/up.log"; do kill -0 $HUB; sleep 0.1; done
}
trap 'kill -9 $HUB 2>/dev/null || true' EXIT
fail() { cat "$DIR/last" >&2; echo "not as it is written: $1" >&2; exit 1; }
hub
`;

const shellOf = (line: string): string => {
  const until = /^# until: (.*)$/.exec(line)?.[1];
  const [, code, command] = /^# ends with (\d+): (.*)$/.exec(line) ?? [];
  if (until !== undefined) {
    const [shown, sought] = until.split(' | ');
    return `for N in $(seq 60); do ${shown} > "$DIR/last" 2>&1 || true; if ${sought} "$DIR/last"; then break; fi; [ $N != 60 ] || fail '${until.replaceAll("'", '')}'; done`;
  }
  if (command !== undefined)
    return `CODE=0; ${command} > "$DIR/last" 2>&1 || CODE=$?; cat "$DIR/last"; [ $CODE = ${code} ] || fail "ended with $CODE"`;
  return line === '# kill the hub, and start it again' ? 'kill -9 $HUB; hub' : line;
};

const script = (): string => {
  const blocks = [...readFileSync(here('README.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(
    ([, block]) => block!,
  );
  const lines = blocks.join('').trim().split('\n').map(shellOf).join('\n');
  return SHELL + lines.replaceAll('./airspace', 'airspace').replaceAll('examples/plans/trip.yaml', '"$DIR/trip.yaml"');
};

test('every command of the walk does what is written beside it', { timeout: 180_000 }, async () => {
  const child = spawn('bash', ['-c', script()], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      said += String(text);
    });
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, said);
  assert.match(said, /charge\s+irreversible/, 'the check names effects');
  assert.match(said, /nothing takes `pay` back/);
  assert.match(said, /pay unknown \(upstream_broken\)/);
  assert.match(said, /pay resolved: it did not run/);
  assert.match(said, /pay\s+denied.*what an untrusted source says is paid only where a person has agreed to it/);
  assert.match(said, /~fly\s+ok/, 'the flight is taken back');
  assert.match(
    said,
    /what the planner proposed cannot run: it calls `agent\/payments\/charge`, which `allow` does not name/,
  );
});

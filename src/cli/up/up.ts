/** `airspace up`: a hub on this machine and, unless told otherwise, a sample fleet that calls through it in all three topologies. */
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOTSTRAP_FILE, writePrivateFile } from '../../identity/index.ts';
import { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../failure.ts';
import type { UpOptions } from '../lifecycle.ts';
import { type DomainOptions, type RunningDomainHub, startDomainHub } from '../node/domain.ts';
import { type RunningHub, startHub } from '../node/hub.ts';
import { tokenFor } from '../node-words.ts';
import { otlpMetricSettings, otlpSettings } from '../otlp-words.ts';
import { ADMIN_KEY_FILE, forgetRunning, readAdminKey, writeRunning } from '../running.ts';
import { failing, untilAsked } from '../starting.ts';
import { type Sample, startSample } from './sample.ts';
import { tour } from './tour.ts';
import { watch } from './watch.ts';

const HOST = '127.0.0.1';

export const up = async (context: Context, options: UpOptions): Promise<number> => {
  const { port, data, parent, bare = parent !== undefined, allowPrivateEgress = false } = options;
  const startedMs = performance.now();
  const say = (line = ''): void => void context.out.stdout.write(`${line}\n`);
  await mkdir(data, { recursive: true, mode: 0o700 });
  // Log lines go to a file: the terminal belongs to the story.
  const logFile = createWriteStream(join(data, 'hub.log'), { flags: 'a', mode: 0o600 });
  const node = {
    ...{ dir: data, host: HOST, port: Number(port), level: 'info' as const, allowPrivateEgress },
    log: (line: string) => void logFile.write(line),
    otlp: otlpSettings({}, context.io.env),
    otlpMetrics: otlpMetricSettings({}, context.io.env),
  };
  const token = await tokenFor(context, options);
  const started: Promise<RunningHub | RunningDomainHub> =
    parent === undefined ? startHub(node) : startDomain({ ...node, hubUrl: parent, token });
  const hub = await failing({ host: HOST, port }, started);
  const asked = untilAsked();
  let sample: Sample | undefined;
  try {
    const admin = new Admin({ url: hub.url, key: await administrator(hub.url, data), origin: '`airspace up`' });
    await writeRunning(data, { url: hub.url, pid: process.pid });
    const what = 'domain' in hub ? `domain ${hub.domain}`.padEnd(12) : 'hub         ';
    say(`  ${what} ${hub.url}   data in ${data} (sqlite)   keys required   log ${join(data, 'hub.log')}`);
    if (parent === undefined)
      say(`  dashboard    ${hub.url}/ui   sign in with the key in ${join(data, ADMIN_KEY_FILE)}`);
    if (!bare) {
      sample = await startSample({ admin, dir: data, say });
      await tour(sample, admin, say);
    }
    say();
    say(
      `  up in ${((performance.now() - startedMs) / 1000).toFixed(1)} s. In another terminal: airspace status | top | get agents | why <id> | trace <id>`,
    );
    if (bare) say('  next: airspace apply -f <folder>, airspace key create agent/<name>');
    else say('  Traffic follows; Ctrl-C ends everything.');
    say();
    if (sample !== undefined) await Promise.race([watch(admin, context, say), asked]);
    await asked;
    say('  stopping ...');
    return EXIT.ok;
  } finally {
    await sample?.stop();
    await hub.stop(false);
    await forgetRunning(data);
    logFile.end();
  }
};

/** Whoever is to be its administrator needs to know what is above. */
const startDomain = async (options: DomainOptions): Promise<RunningDomainHub> => {
  const hub = await startDomainHub(options);
  try {
    await hub.heard(HEARD_WITHIN_MS);
    return hub;
  } catch (thrown) {
    await hub.stop(false);
    throw thrown;
  }
};

const HEARD_WITHIN_MS = 15_000;

/** The key of the first administrator: made at the first start, kept in a file that only its owner can read. */
const administrator = async (url: string, data: string): Promise<string> => {
  const kept = await readAdminKey(data);
  if (kept !== undefined) return kept;
  const token = await readFile(join(data, BOOTSTRAP_FILE), 'utf8').catch(() => undefined);
  if (token === undefined) {
    throw new Failure(
      EXIT.notPermitted,
      `${data} has an administrator already, and the key is not in ${join(data, ADMIN_KEY_FILE)}`,
      {
        try: `another --data, or \`airspace serve --data ${data}\` with a key of your own`,
        code: 'no-admin-key',
      },
    );
  }
  const { secret } = await new Admin({ url, key: '', origin: '`airspace up`' }).post<{ secret: string }>(
    '/v1/bootstrap',
    { token: token.trim() },
  );
  await writePrivateFile(join(data, ADMIN_KEY_FILE), `${secret}\n`);
  return secret;
};

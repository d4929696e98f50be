/** Places for checkpoints: a file that only grows, a receiver of posts, or a store of objects. */
import { open } from 'node:fs/promises';
import type { CheckpointSink, SignedCheckpoint } from '../../audit/index.ts';
import { Fault } from '../../contract/index.ts';

const TIMEOUT_MS = 10_000;

/**
 * `/var/log/airspace/checkpoints.jsonl`, a file that should be on another machine or append-only; `https://...`, which gets each
 * as a POST; `put+https://bucket/prefix`, which gets each as an object of its own that nobody overwrites.
 * Throws `bad_request` for what is none of them.
 */
export const sinkOf = (place: string): CheckpointSink => {
  if (/^put\+https?:\/\//.test(place)) return objects(place.slice('put+'.length));
  if (/^https?:\/\//.test(place)) return posts(place);
  if (place.startsWith('/') || place.startsWith('./')) return file(place);
  throw new Fault(
    'bad_request',
    `\`${place}\` is no place for checkpoints; give a path such as /mnt/audit/checkpoints.jsonl, https://..., or put+https://...`,
  );
};

const file = (path: string): CheckpointSink => ({
  name: path,
  put: async (signed) => {
    const handle = await open(path, 'a', 0o600);
    try {
      await handle.appendFile(`${JSON.stringify(signed)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
});

const posts = (url: string): CheckpointSink => ({
  name: withoutSecrets(url),
  put: (signed) => send(url, 'POST', signed),
});

/** `If-None-Match: *` asks the store to refuse an overwrite; one that was here before says the same thing. */
const objects = (prefix: string): CheckpointSink => ({
  name: withoutSecrets(prefix),
  put: (signed) => {
    const { tenant, seq } = JSON.parse(signed.payload) as { tenant: string; seq: number };
    const name = `${encodeURIComponent(tenant)}/${signed.keyId}/${String(seq).padStart(16, '0')}.json`;
    return send(`${prefix.replace(/\/$/, '')}/${name}`, 'PUT', signed, { 'if-none-match': '*' });
  },
});

const send = async (
  url: string,
  method: 'POST' | 'PUT',
  signed: SignedCheckpoint,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(signed),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok && response.status !== 412) throw new Error(`it answered ${response.status}`);
};

/** An address may carry a password or a token, and names go to logs. */
const withoutSecrets = (text: string): string => {
  const url = new URL(text);
  return `${url.origin}${url.pathname}`;
};

/** From the words of a command line to what a node is started with: files read, contradictions refused, secrets kept off the line. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { HttpUrl } from '../contract/index.ts';
import type { Context } from './context.ts';
import { usage } from './failure.ts';
import type { NodeWords } from './lifecycle.ts';
import { LEAST_KEEP_MS } from './node/housekeeping.ts';
import type { NodeOptions } from './node/node.ts';
import { otlpMetricSettings, otlpSettings } from './otlp-words.ts';
import { cleanText } from './render/clean.ts';
import { parseDuration } from './render/time.ts';

/**
 * Throws a usage failure for words that do not go together. Says on stderr when a control is turned down. `isMutual`: a sidecar, which
 * other nodes reach over TLS of its own whatever these words say.
 */
export const nodeOptions = async ({ io, out }: Context, words: NodeWords, isMutual = false): Promise<NodeOptions> => {
  const tls = await tlsOf(words);
  if (words.public === true && tls === undefined && words.insecurePublic !== true && !isMutual) {
    throw usage(
      '--public needs --tls-key and --tls-cert: without TLS the network reads every key and payload',
      'the same with both files, or with --insecure-public where the network is trusted',
    );
  }
  const plain = words.insecurePublic === true && tls === undefined;
  if (plain && isMutual) out.note('warning: what is not for nodes is reached without TLS: --door and --grpc');
  else if (plain)
    out.note('warning: this node is reached without TLS; keys and payloads cross the network as plain text');
  return {
    dir: words.data,
    host: words.host,
    port: Number(words.port),
    level: words.logLevel,
    log: (line) => process.stderr.write(line),
    keepMs: keptFor(words),
    maxPayload: longestOf(words),
    metricSeries: seriesOf(words),
    otlp: otlpSettings(words, io.env),
    otlpMetrics: otlpMetricSettings(words, io.env),
    advertise: advertised(words),
    ...(words.public === true ? { allowPublic: true } : {}),
    ...(plain ? { allowPlainPublic: true } : {}),
    ...(tls === undefined ? {} : { tls }),
    ...grpcOf(words),
    ...(words.allowPrivateEgress === true ? { allowPrivateEgress: true } : {}),
  };
};

const grpcOf = ({ grpc }: NodeWords): Pick<NodeOptions, 'grpc'> =>
  grpc === undefined ? {} : { grpc: addressOf('--grpc', grpc) };

/** `host:port`, or a port of this machine. */
export const addressOf = (flag: string, text: string): { readonly host: string; readonly port: number } => {
  const [, host, port] = /^(?:\[?([^\]]+?)\]?:)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw usage(`${flag} must be such as 127.0.0.1:7443, not \`${text}\``);
  return { host: host ?? '127.0.0.1', port: Number(port) };
};

/** Fewer would be `other` at once; more make an answer that no scraper waits for. */
const SERIES = { least: 10, most: 50_000 };

const seriesOf = ({ metricSeries }: NodeWords): number | undefined => {
  if (metricSeries === undefined) return undefined;
  const count = /^\d{1,6}$/.test(metricSeries) ? Number(metricSeries) : Number.NaN;
  if (!(count >= SERIES.least && count <= SERIES.most))
    throw usage(`--metric-series must be a number from ${SERIES.least} to ${SERIES.most}, not \`${metricSeries}\``);
  return count;
};

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 * 1024 };
const LEAST_PAYLOAD = 64 * 1024;
/** Payloads are held whole while policy looks at them, and held calls are kept. */
const MOST_PAYLOAD = 32 * 1024 * 1024;

const longestOf = ({ maxPayload }: NodeWords): number | undefined => {
  if (maxPayload === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,9})(KiB|MiB)?$/.exec(maxPayload) ?? [];
  const bytes = Number(digits) * UNITS[unit]!;
  if (!(bytes >= LEAST_PAYLOAD && bytes <= MOST_PAYLOAD))
    throw usage(`--max-payload must be from 64KiB to 32MiB, such as 8MiB, not \`${maxPayload}\``);
  return bytes;
};

/** Under a day idempotency keys would be free before their time. */
const keptFor = ({ keep }: NodeWords): number | undefined => {
  if (keep === undefined) return undefined;
  const keepMs = parseDuration(keep);
  if (keepMs === undefined || keepMs < LEAST_KEEP_MS)
    throw usage(`--keep must be 1d or more, such as 30d, not \`${keep}\``);
  return keepMs;
};

/** The token that admits a node: `--token`, the file of `--token-file`, or AIRSPACE_TOKEN. */
export const tokenFor = async (
  { io }: Context,
  { token, tokenFile }: Pick<NodeWords, 'token' | 'tokenFile'>,
): Promise<string | undefined> => {
  if (token !== undefined && tokenFile !== undefined) throw usage('--token and --token-file say the same; give one');
  if (tokenFile !== undefined) return (await fileOf('--token-file', tokenFile)).trim();
  return token ?? (io.env['AIRSPACE_TOKEN'] || undefined);
};

const tlsOf = async ({ tlsKey, tlsCert }: NodeWords): Promise<NodeOptions['tls']> => {
  if (tlsKey === undefined && tlsCert === undefined) return undefined;
  if (tlsKey === undefined || tlsCert === undefined) throw usage('TLS needs both --tls-key and --tls-cert');
  const tls = { key: await fileOf('--tls-key', tlsKey), cert: await fileOf('--tls-cert', tlsCert) };
  try {
    createSecureContext(tls);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw usage(`\`${tlsKey}\` and \`${tlsCert}\` are no private key and its certificate in PEM: ${cleanText(reason)}`);
  }
  return tls;
};

const fileOf = async (flag: string, path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw usage(`${flag} \`${path}\` cannot be read: ${(thrown as NodeJS.ErrnoException).code ?? 'unknown'}`);
  }
};

const WILDCARDS = ['0.0.0.0', '::'];

const advertised = ({ advertise }: NodeWords): string | undefined => {
  if (advertise === undefined) return undefined;
  const url = HttpUrl.safeParse(advertise);
  if (!url.success) throw usage(`--advertise \`${advertise}\` ${url.error.issues[0]?.message ?? 'is no address'}`);
  return advertise.replace(/\/+$/, '');
};

/** A node that others call must say where: nobody can call `0.0.0.0`. */
export const requireReachable = ({ host, advertise }: NodeWords): void => {
  if (WILDCARDS.includes(host) && advertise === undefined)
    throw usage(
      `\`${host}\` is every address of this machine, and other nodes need one`,
      'the same with --advertise <url>',
    );
};

/**
 * Where traces and metrics are exported to and how: our own flags, then the environment variables that the OpenTelemetry specification names
 * (`OTEL_EXPORTER_OTLP_*`). Credentials come from the environment only: arguments can be read by everybody on a machine.
 */
import { HttpUrl } from '../contract/index.ts';
import type { Encoding } from '../dialects/otlp/index.ts';
import { usage } from './failure.ts';
import type { NodeWords } from './lifecycle.ts';
import type { CollectorSettings, OtlpMetricSettings, OtlpSettings } from './node/otlp.ts';

export type OtlpWords = Pick<NodeWords, 'otlp' | 'otlpProtocol' | 'otlpNames'>;
type Environment = Readonly<Record<string, string | undefined>>;

const ENCODINGS: Readonly<Record<string, Encoding>> = { 'http/protobuf': 'protobuf', 'http/json': 'json' };
/** As the specification has it. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MOST_TIMEOUT_MS = 600_000;
const DEFAULT_INTERVAL_MS = 60_000;
const MOST_INTERVAL_MS = 3_600_000;
const DEFAULT_PUSH_MS = 30_000;

type Signal = 'TRACES' | 'METRICS';
const PATHS: Readonly<Record<Signal, string>> = { TRACES: '/v1/traces', METRICS: '/v1/metrics' };

/** Undefined: nothing says where. Throws a usage failure for words that cannot be followed, with the name of the flag or variable. */
export const otlpSettings = (words: OtlpWords, env: Environment): OtlpSettings | undefined => {
  const settings = settingsOf('TRACES', words, env);
  return settings && { ...settings, names: words.otlpNames ?? 'otel' };
};

/** The same for metrics. */
export const otlpMetricSettings = (words: OtlpWords, env: Environment): OtlpMetricSettings | undefined => {
  const settings = settingsOf('METRICS', words, env);
  if (settings === undefined) return undefined;
  for (const { what, only } of ONLY) refuseOther(what, only, env);
  const intervalMs = millisOf(find(env, 'OTEL_METRIC_EXPORT_INTERVAL'), DEFAULT_INTERVAL_MS, MOST_INTERVAL_MS);
  return { ...settings, intervalMs, pushMs: millisOf(find(env, 'OTEL_METRIC_EXPORT_TIMEOUT'), DEFAULT_PUSH_MS) };
};

const settingsOf = (signal: Signal, words: OtlpWords, env: Environment): CollectorSettings | undefined => {
  const url = urlOf(signal, words.otlp, env);
  if (url === undefined || !isWanted(signal, env)) return undefined;
  return {
    url,
    encoding: encodingOf(signal, words.otlpProtocol, env),
    headers: headersOf(signal, env),
    timeoutMs: millisOf(said(env, signal, 'TIMEOUT'), DEFAULT_TIMEOUT_MS),
    isCompressed: compressionOf(signal, env),
  };
};

/** What the specification lets one choose, and there is no choice here: cumulative is what every collector takes. */
const ONLY = [
  { what: 'TEMPORALITY_PREFERENCE', only: 'cumulative' },
  { what: 'DEFAULT_HISTOGRAM_AGGREGATION', only: 'explicit_bucket_histogram' },
] as const;

const refuseOther = (what: string, only: string, env: Environment): void => {
  const given = find(env, `OTEL_EXPORTER_OTLP_METRICS_${what}`);
  if (given !== undefined && given.value.toLowerCase() !== only)
    throw usage(`${given.name} must be ${only}, not \`${given.value}\``, 'the collector converts what it passes on');
};

/** `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER`: a list, and only `otlp` in it is ours. Metrics for Prometheus are scraped as ever. */
const isWanted = (signal: Signal, env: Environment): boolean => {
  const given = find(env, `OTEL_${signal}_EXPORTER`);
  if (given === undefined) return true;
  const names = given.value.split(',').map((name) => name.trim());
  if (names.some((name) => name !== 'otlp' && name !== 'none' && name !== 'prometheus'))
    throw usage(`${given.name} must be otlp or none, not \`${given.value}\``);
  return names.includes('otlp');
};

interface Said {
  readonly name: string;
  readonly value: string;
}

/** An empty one is not there. */
const find = (env: Environment, name: string): Said | undefined => {
  const value = env[name]?.trim() ?? '';
  return value === '' ? undefined : { name, value };
};

/** The variable for the signal goes before the one for everything. */
const said = (env: Environment, signal: Signal, what: string): Said | undefined =>
  find(env, `OTEL_EXPORTER_OTLP_${signal}_${what}`) ?? find(env, `OTEL_EXPORTER_OTLP_${what}`);

/** A base gets the path of the signal; an address for the signal is taken as it is. */
const urlOf = (signal: Signal, flag: string | undefined, env: Environment): string | undefined => {
  if (flag !== undefined) return based(signal, { name: '--otlp', value: flag });
  const found = said(env, signal, 'ENDPOINT');
  if (found === undefined) return undefined;
  return found.name.includes(signal) ? checked(found) : based(signal, found);
};

const based = (signal: Signal, given: Said): string => `${checked(given).replace(/\/+$/, '')}${PATHS[signal]}`;

const checked = ({ name, value }: Said): string => {
  const url = HttpUrl.safeParse(value);
  if (!url.success) throw usage(`${name} \`${value}\` ${url.error.issues[0]?.message ?? 'is no address'}`);
  return value;
};

const encodingOf = (signal: Signal, flag: string | undefined, env: Environment): Encoding => {
  const given = flag === undefined ? said(env, signal, 'PROTOCOL') : { name: '--otlp-protocol', value: flag };
  if (given === undefined) return 'protobuf';
  const encoding = Object.hasOwn(ENCODINGS, given.value) ? ENCODINGS[given.value] : undefined;
  if (encoding === undefined)
    throw usage(
      `${given.name} must be http/protobuf or http/json, not \`${given.value}\``,
      'the same with --otlp-protocol http/protobuf, and the port of the collector for OTLP over HTTP',
    );
  return encoding;
};

/** Ours say what the body is. */
const TAKEN = new Set([
  'content-type',
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
]);

/** `name=value` with commas between, values percent-encoded. Nothing of a value is repeated: it may be a credential. */
const headersOf = (signal: Signal, env: Environment): Readonly<Record<string, string>> => {
  const given = said(env, signal, 'HEADERS');
  if (given === undefined) return {};
  return Object.fromEntries(
    given.value.split(',').map((pair) => {
      const at = pair.indexOf('=');
      const name = pair.slice(0, Math.max(0, at)).trim().toLowerCase();
      const value = decoded(pair.slice(at + 1).trim());
      if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name) || TAKEN.has(name) || value === undefined)
        throw usage(`${given.name} must be such as api-key=abc,x-team=shop: values of visible ASCII, percent-encoded`);
      return [name, value];
    }),
  );
};

const decoded = (text: string): string | undefined => {
  try {
    const value = decodeURIComponent(text);
    return /^[\x20-\x7e]{0,4096}$/.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const millisOf = (given: Said | undefined, standard: number, most = MOST_TIMEOUT_MS): number => {
  if (given === undefined) return standard;
  const ms = /^\d{1,9}$/.test(given.value) ? Number(given.value) : 0;
  if (ms < 1 || ms > most) throw usage(`${given.name} must be milliseconds from 1 to ${most}, not \`${given.value}\``);
  return ms;
};

/** Default gzip: every collector reads it, and a batch becomes a tenth. */
const compressionOf = (signal: Signal, env: Environment): boolean => {
  const given = said(env, signal, 'COMPRESSION');
  if (given === undefined || given.value === 'gzip') return true;
  if (given.value === 'none') return false;
  throw usage(`${given.name} must be gzip or none, not \`${given.value}\``);
};

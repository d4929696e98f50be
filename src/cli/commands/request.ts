/** `airspace request`: one call through Airspace, its reply on stdout, its ids on stderr, its fate as the exit code. */
import { readFile } from 'node:fs/promises';
import { askedIn, HEADERS } from '../../contract/index.ts';
import { reach } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, type Exit, Failure, type Problem, problemOf, usage } from '../failure.ts';
import { clean, cleanText } from '../render/clean.ts';
import { parseDuration } from '../render/time.ts';

export interface RequestOptions {
  readonly capability?: string;
  readonly data?: string;
  readonly contentType?: string;
  readonly asKey?: string;
  readonly async?: boolean;
  readonly stream?: boolean;
  readonly timeout?: string;
  readonly session?: string;
  readonly idempotencyKey?: string;
}

export const request = async (context: Context, target: string, options: RequestOptions): Promise<number> => {
  const path = options.capability === undefined ? pathOf(target) : capabilityPath(options.capability, target);
  const body = await dataOf(context, options.data);
  const settings = await context.settings();
  await context.changing();
  const headers = headersOf(options, options.asKey ?? settings.key);
  const leave = new AbortController();
  const response = await reach(settings, () =>
    fetch(`${settings.url}${path}`, {
      method: 'POST',
      redirect: 'error',
      headers,
      body,
      signal: leave.signal,
    }),
  );
  const call = response.headers.get(HEADERS.callId) ?? '';
  const trace = response.headers.get(HEADERS.traceId) ?? '';
  if (call !== '') context.out.note(`call ${clean(call)}  trace ${clean(trace)}`);
  if (isProblem(response))
    throw refused(problemOf(response.status, await response.json().catch(() => undefined)), call);
  const provider = response.headers.get(HEADERS.capability);
  if (provider !== null) context.out.note(clean(provider));
  await printReply(context, response, options);
  if (isHeld(response)) {
    context.out.note('people are asked about this call; the same request again says how it stands');
    return EXIT.held;
  }
  if (response.status >= 400) context.out.note(`error: the target answered ${response.status}`);
  return response.status >= 400 ? EXIT.no : EXIT.ok;
};

const isHeld = ({ status, headers }: Response): boolean =>
  status === 202 &&
  (headers.get(HEADERS.notes) ?? '').split(', ').includes('held') &&
  headers.get(HEADERS.endpoint) === null;

const KINDS = new Map([
  ['agent', 'agents'],
  ['agents', 'agents'],
  ['tool', 'tools'],
  ['tools', 'tools'],
  ['model', 'models'],
  ['models', 'models'],
]);

/** `agent/orders/where`, or `orders/where` for an agent. */
const pathOf = (target: string): string => {
  const parts = target.split('/');
  const [kind, name, operation] = parts.length === 2 ? ['agent', ...parts] : parts;
  const plural = KINDS.get(kind ?? '');
  const example = 'airspace request agent/orders/where --data \'{"id": 7}\'';
  if (parts.length === 2 && KINDS.has(parts[0]!))
    throw usage(`\`${target}\` has no operation; a target is <kind>/<name>/<operation>`, example);
  if (
    plural === undefined ||
    !/^[a-z0-9-]+$/.test(name ?? '') ||
    !/^[\w.-]+$/.test(operation ?? '') ||
    parts.length > 3
  )
    throw usage(`\`${target}\` is not a target: <kind>/<name>/<operation>, or <agent>/<operation>`, example);
  return `/v1/${plural}/${name}/${operation}`;
};

/** Without a range the highest stable version. */
const capabilityPath = (asked: string, target: string): string => {
  const example = 'airspace call --capability query_database@^2 --data \'{"sql": "select 1"}\'';
  if (target !== '') throw usage(`\`${target}\` and a capability cannot both be called; leave one out`, example);
  const { name, range } = askedIn(asked);
  if (!/^[\w.-]{1,128}$/.test(name) || range?.trim() === '')
    throw usage(`\`${asked}\` is no capability: <name>, or <name>@<range of versions>`, example);
  return `/v1/capabilities/${name}${range === null ? '' : `@${encodeURIComponent(range)}`}`;
};

/** `@file` reads a file, `@-` standard input. */
export const dataOf = async ({ io }: Context, data: string | undefined): Promise<Uint8Array<ArrayBuffer>> => {
  if (data === undefined) return new Uint8Array();
  if (!data.startsWith('@')) return new TextEncoder().encode(data);
  if (data !== '@-') {
    return Uint8Array.from(
      await readFile(data.slice(1)).catch(() => {
        throw usage(`\`${data.slice(1)}\` cannot be read`);
      }),
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Uint8Array.from(Buffer.concat(chunks));
};

const headersOf = (options: RequestOptions, key: string): Record<string, string> => {
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  if (options.timeout !== undefined && !timeoutMs)
    throw usage(`--timeout must be such as 500ms, 5s or 2m, not \`${options.timeout}\``);
  return {
    'content-type': options.contentType ?? 'application/json',
    ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
    ...(options.stream === true ? { accept: 'text/event-stream' } : {}),
    ...(options.async === true ? { prefer: 'respond-async' } : {}),
    ...(timeoutMs === undefined ? {} : { [HEADERS.timeoutMs]: String(timeoutMs) }),
    ...(options.session === undefined ? {} : { [HEADERS.session]: options.session }),
    ...(options.idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: options.idempotencyKey }),
  };
};

/** Targets may answer with problem documents of their own; ours say whether the work was executed, in a header that only we set. */
const isProblem = (response: Response): boolean =>
  !response.ok &&
  (response.headers.get('content-type') ?? '').startsWith('application/problem+json') &&
  response.headers.get(HEADERS.executed) !== null &&
  response.headers.get(HEADERS.endpoint) === null;

const EXITS: Readonly<Record<string, Exit>> = {
  denied: EXIT.denied,
  approval_required: EXIT.held,
  budget_exhausted: EXIT.overBudget,
  unauthenticated: EXIT.notPermitted,
  not_found: EXIT.notFound,
  conflict: EXIT.conflict,
  idempotency_mismatch: EXIT.conflict,
  idempotency_in_flight: EXIT.conflict,
  timeout: EXIT.timedOut,
  expired: EXIT.timedOut,
  bad_request: EXIT.usage,
};

const SENTENCES: Readonly<Record<string, string>> = {
  no: 'nothing was run',
  unknown: 'it may have run; ask the target before you repeat it',
  yes: 'it ran',
};

const refused = ({ code, detail, executed, facts }: Problem, call: string): Failure => {
  const { rules } = facts;
  const because = [
    Array.isArray(rules) && rules.length > 0 ? `rule ${rules.map(String).join(', ')}` : code,
    SENTENCES[executed] ?? '',
  ];
  return new Failure(Object.hasOwn(EXITS, code) ? EXITS[code]! : EXIT.no, detail, {
    code,
    because: because.filter((part) => part !== '').join('; '),
    ...(call === '' ? {} : { try: `airspace why ${call.slice(0, 8)}` }),
  });
};

const printReply = async ({ out }: Context, response: Response, { stream }: RequestOptions): Promise<void> => {
  if (out.format !== 'table' && out.format !== 'wide') {
    await out.data(await asData(response));
    return;
  }
  const safe = out.isTTY ? cleanText : (text: string): string => text;
  if (stream === true && response.body !== null) {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) out.stdout.write(safe(chunk));
    return;
  }
  const text = await response.text();
  if (text !== '') out.print(safe(text));
};

const asData = async (response: Response) => {
  const text = await response.text();
  const header = (name: string): string | null => response.headers.get(name);
  return {
    status: response.status,
    callId: header(HEADERS.callId),
    traceId: header(HEADERS.traceId),
    endpoint: header(HEADERS.endpoint),
    version: header(HEADERS.version),
    ...(header(HEADERS.capability) === null ? {} : { capability: header(HEADERS.capability) }),
    attempts: Number(header(HEADERS.attempts) ?? 0) || null,
    policy: header(HEADERS.policy),
    body: parsed(text),
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

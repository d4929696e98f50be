/**
 * `airspace request replay --against scripted`, and `--agent triage@2.1`: the agent of a recorded request asked again, with what it calls
 * answered from the record or a script. Exit 1 with `--compare` when something comes out otherwise.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { z } from 'zod';
import {
  type ComparedRow,
  type PlayedCall,
  type ReplayScript,
  ReplayScriptShape,
  type RequestReplay,
} from '../../contract/index.ts';
import { parseYaml, type YamlDocument } from '../../control/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean, cleanText } from '../render/clean.ts';
import { styleOf } from '../render/paint.ts';
import { dataOf } from './request.ts';

export interface AgainOptions {
  readonly against?: string;
  /** `triage@2.1` */
  readonly agent?: string;
  readonly data?: string;
  readonly script?: string;
}

export const requestAgain = async (
  context: Context,
  request: string,
  { agent, data, script, compare }: AgainOptions & { readonly compare: boolean },
): Promise<number> => {
  const wish = {
    request,
    ...(agent === undefined ? {} : { agent: versionOf(agent) }),
    ...(data === undefined ? {} : { data: await payloadOf(context, data) }),
    ...(script === undefined ? {} : { script: await scriptIn(script) }),
  };
  const admin = await context.admin();
  const report = await admin.post<RequestReplay>('/v1/replays', wish);
  const { trace, replay, notes, differs } = report;
  await context.out.one(report, () => textOf(report, context));
  if (context.out.format === 'table' || context.out.format === 'wide')
    context.out.print(`ui ${admin.url}/ui/compare?a=${trace}&b=${replay.trace}`);
  for (const note of notes) context.out.note(clean(note));
  context.out.note(`${differs ? 'something came out otherwise' : 'the same as then'}; nobody but the agent was called`);
  context.out.note(`airspace trace ${replay.call.slice(0, 8)} shows it until this hub has made 20 others`);
  return compare && differs ? EXIT.no : EXIT.ok;
};

const versionOf = (word: string): { readonly name: string; readonly version: string } => {
  const at = word.indexOf('@');
  const [name, version] = [word.slice(0, Math.max(at, 0)), word.slice(at + 1)];
  if (at < 1 || version === '' || version.length > 64)
    throw usage(`\`${word}\` does not name a version of an agent: <name>@<version>`, '--agent triage@2.1');
  return { name, version };
};

const payloadOf = async (context: Context, data: string): Promise<{ readonly text: string; readonly type: string }> => {
  const bytes = await dataOf(context, data);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, type: isJsonText(text) ? 'application/json' : 'text/plain; charset=utf-8' };
  } catch {
    throw usage('the payload of --data is no UTF-8 text; only text can be given');
  }
};

const isJsonText = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const MOST_SAID = 5;

/** The file may be from anybody: it is read as configuration is, and the hub holds it against the same shape again. */
const scriptIn = async (path: string): Promise<ReplayScript> => {
  const text = await readFile(path, 'utf8').catch(() => {
    throw usage(`\`${path}\` cannot be read`, 'give --script a YAML file');
  });
  const { documents, problems } = parseYaml(text, basename(path));
  if (problems.length > 0)
    throw usage(
      problems
        .slice(0, MOST_SAID)
        .map((one) => clean(one))
        .join('\n'),
    );
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0)
    throw usage(`\`${path}\` must hold one document: targets, and a list of replies for each`, EXAMPLE);
  const found = ReplayScriptShape.safeParse(document.value);
  if (found.success) return found.data;
  throw usage(
    found.error.issues
      .slice(0, MOST_SAID)
      .map((issue) => issueText(document, issue))
      .join('\n'),
    EXAMPLE,
  );
};

const EXAMPLE = 'tool/orders/find: [{ json: { id: 7 } }]';

const issueText = (document: YamlDocument, { path, message, ...issue }: z.core.$ZodIssue): string => {
  const said = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? message) : message;
  const where = path.map(String).join('.').slice(0, 120);
  return clean(`${document.locate(path)}: ${where === '' ? '' : `\`${where}\` `}${said}`);
};

const textOf = (report: RequestReplay, { out }: Context): string => {
  const { agent, version, endpoint, caller, answer, rows, calls } = report;
  const played = new Map(calls.map((call) => [call.callId, call]));
  const answered =
    answer.code === '' ? `status ${answer.httpStatus}, ${answer.bytes} bytes` : `${answer.status} ${answer.code}`;
  return [
    clean(`agent/${agent} ${version === '' ? '' : `version ${version} `}at ${endpoint}, on behalf of ${caller}`),
    clean(`answered ${answered}: ${THAN[answer.than]}${answer.note === '' ? '' : `, ${answer.note}`}`),
    ...(answer.text === undefined ? [] : [cleanText(answer.text)]),
    '',
    out.table(rows, [
      { title: 'IN', value: sideOf },
      { title: 'TARGET', value: ({ depth, a, b }) => `${'  '.repeat(depth)}${(b ?? a)!.target}` },
      {
        title: 'OUTCOME',
        value: (row) => either(row, ({ status, code }) => (status === 'ok' ? status : code || status)),
      },
      { title: 'DECISION', value: (row) => either(row, ({ effects }) => effects.join(', ') || '-') },
      { title: 'ANSWERED BY', value: (row) => byOf(row, played) },
      {
        title: 'DIFFERS',
        value: ({ differs }) => differs.join(', ') || '-',
        style: ({ differs }) => (differs.length > 0 ? 'yellow' : styleOf('ok')),
      },
      { title: 'NOTE', value: ({ b }) => (b && played.get(b.callId)?.note) || '-' },
    ]),
  ].join('\n');
};

const THAN = { same: 'the same as then', other: 'not as then', unknown: 'whether as then is not known' } as const;

const sideOf = ({ a, b }: ComparedRow): string => (a === null ? 'replay only' : b === null ? 'record only' : 'both');

type Told = (call: NonNullable<ComparedRow['a']>) => string;

/** Once when both say the same. */
const either = ({ a, b }: ComparedRow, tell: Told): string => {
  if (a === null || b === null) return tell((a ?? b)!);
  return tell(a) === tell(b) ? tell(a) : `${tell(a)} → ${tell(b)}`;
};

const byOf = ({ depth, b }: ComparedRow, played: ReadonlyMap<string, PlayedCall>): string => {
  if (b === null) return '-';
  return depth === 0 ? 'the agent' : (played.get(b.callId)?.by ?? 'nobody: it was refused');
};

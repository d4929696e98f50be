/** What somebody asks to be kept of how work ended, read strictly: each wrong word has its own answer. */
import {
  Fault,
  type OutcomeSubject,
  type SaidOutcome,
  TASK_RESULTS,
  type TaskResult,
  type TraceContext,
} from '../../contract/index.ts';

const SUBJECTS = ['trace', 'call', 'session'] as const;
const FIELDS: readonly string[] = [...SUBJECTS, 'task', 'result', 'score', 'note'];

export const MOST_TASK = 100;
export const MOST_NOTE = 1_000;

const ID = /^(?!0{32})[0-9a-f]{32}$/;
const SESSION = /^[\x21-\x7e]{1,255}$/;
/** No control characters, nothing that is written from the right, no half of a character. */
const TASK = new RegExp(`^[^\\p{C}\\p{Zl}\\p{Zp}]{1,${MOST_TASK}}$`, 'u');

type Fields = Readonly<Record<string, unknown>>;

/** `trace`: of the request, for whoever says an outcome inside of a call. Throws `bad_request`. */
export const askedOf = (bytes: Uint8Array, trace: TraceContext | null): SaidOutcome => {
  const fields = fieldsIn(bytes);
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    throw bad(`\`${unknown.slice(0, 100)}\` is not a field of an outcome; there are ${FIELDS.join(', ')}`);
  const { note = '' } = fields;
  if (typeof note !== 'string' || note.length > MOST_NOTE || !note.isWellFormed())
    throw bad(`\`note\` must be a text of at most ${MOST_NOTE} characters`);
  return {
    subject: subjectOf(fields, trace),
    outcome: { task: taskOf(fields), result: resultOf(fields), ...scoreOf(fields) },
    note,
  };
};

const fieldsIn = (bytes: Uint8Array): Fields => {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    throw new Fault('bad_request', 'the body is no JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('the body must be an object, such as {"trace": "…", "task": "refund", "result": "completed"}');
  return value as Fields;
};

const subjectOf = (fields: Fields, inside: TraceContext | null): OutcomeSubject => {
  const said = SUBJECTS.filter((name) => fields[name] !== undefined);
  const [one] = said;
  if (one === undefined || said.length > 1)
    throw bad(
      `say what the outcome is of: one of \`trace\`, \`call\` and \`session\`${said.length > 1 ? `, and not ${said.join(' and ')}` : ''}`,
    );
  const value = fields[one];
  if (one === 'session') {
    if (typeof value !== 'string' || !SESSION.test(value))
      throw bad('`session` must be what calls say in `airspace-session`: 1 to 255 visible ASCII characters');
    return { session: value };
  }
  if (typeof value !== 'string' || !ID.test(value))
    throw bad(
      `\`${one}\` must be 32 lower-case hex digits: replies carry it in \`${one === 'trace' ? 'airspace-trace-id' : 'airspace-call-id'}\``,
    );
  if (one === 'call') return { call: value };
  const parentSpan = inside?.trace === value ? inside.parentSpan : undefined;
  return { trace: value, ...(parentSpan === undefined ? {} : { parentSpan }) };
};

const taskOf = ({ task }: Fields): string => {
  if (typeof task !== 'string' || !TASK.test(task) || task.trim() !== task)
    throw bad(
      `\`task\` must name what was to be done, such as \`refund\`: 1 to ${MOST_TASK} characters on one line, without spaces around it`,
    );
  return task;
};

const resultOf = ({ result }: Fields): TaskResult => {
  const known = TASK_RESULTS.find((one) => one === result);
  if (known === undefined) throw bad(`\`result\` must be one of ${TASK_RESULTS.join(', ')}`);
  return known;
};

const scoreOf = ({ score }: Fields): { readonly score?: number } => {
  if (score === undefined) return {};
  if (typeof score !== 'number' || !(score >= 0 && score <= 1))
    throw bad('`score` must be a number from 0 to 1; leave it out when there is none');
  return { score };
};

const bad = (message: string): Fault => new Fault('bad_request', message);

/**
 * Answers the calls of a replay in the place of their targets: from a script, or from what was recorded where the same was asked.
 * INVARIANT: it never guesses. What is neither scripted nor recorded fails, and says what is missing and how to give it.
 */
import {
  type Call,
  documentIn,
  Fault,
  formOf,
  type PlayedCall,
  type ReplayScript,
  type Reply,
  type ScriptedReply,
} from '../contract/index.ts';
import { type IsOfRecord, isAlike, otherFields, textOf } from './alike.ts';
import { callerOf, type KeptAnswer, type RecordedCall, type Recording, targetOf } from './recording.ts';

/** Of one replay: an agent that goes round in circles ends. */
export const MOST_PLAYED = 1_000;

type Spoken = Extract<KeptAnswer, { kind: 'reply' | 'fault' }>;

interface Found extends Omit<PlayedCall, 'callId' | 'target'> {
  readonly answer: Spoken | undefined;
}

export class Answers {
  readonly #left: RecordedCall[];
  readonly #recorded: ReadonlySet<string>;
  readonly #scripted: ReadonlyMap<string, ScriptedReply[]>;
  readonly #isOfRecord: IsOfRecord;
  readonly #played: PlayedCall[] = [];

  constructor({ calls }: Pick<Recording, 'calls'>, script: ReplayScript, isOfRecord: IsOfRecord) {
    this.#left = [...calls];
    this.#recorded = new Set(calls.map(({ target }) => target));
    this.#scripted = new Map(Object.entries(script).map(([target, replies]) => [target, [...replies]]));
    this.#isOfRecord = isOfRecord;
  }

  get played(): readonly PlayedCall[] {
    return this.#played;
  }

  /** Throws what was recorded or scripted as a fault, and `not_found` or `conflict` where nothing answers. */
  to(call: Call): Reply {
    const target = targetOf(call);
    if (this.#played.length >= MOST_PLAYED)
      throw new Fault('conflict', `a replay answers ${MOST_PLAYED} calls, and this would be one more`);
    const { answer, by, note } = this.#found(call, target);
    this.#played.push({ callId: call.id, target, by, note });
    if (answer === undefined) throw new Fault('not_found', note, { executed: 'no', facts: { code: 'NOT_RECORDED' } });
    if (answer.kind === 'fault') {
      const { code, message, executed } = answer;
      throw new Fault(code, message, { executed });
    }
    return replyOf(answer);
  }

  #found(call: Call, target: string): Found {
    if (call.detach === true) return nothing(`\`${target}\`: a replay takes no call that nobody waits for`);
    const scripted = this.#scripted.get(target);
    if (scripted !== undefined) {
      const next = scripted.shift();
      if (next === undefined)
        return nothing(
          `the script has no reply of \`${target}\` left; add one under that name to the file of --script`,
        );
      return inItsWords({ answer: spoken(next), by: 'script', note: '' }, call, target);
    }
    return this.#fromRecording(call, target);
  }

  #fromRecording(call: Call, target: string): Found {
    const caller = callerOf(call);
    const same = this.#left.filter((one) => one.target === target && one.caller === caller);
    const alike = same.map((one) => isAlike(one, call, this.#isOfRecord));
    const at = alike.includes(true) ? alike.indexOf(true) : alike.indexOf(undefined);
    const found = same[at];
    if (found === undefined) return nothing(this.#whyNot(call, target, same));
    this.#left.splice(this.#left.indexOf(found), 1);
    const { answer } = found;
    if (answer.kind === 'missing') return nothing(`the reply of \`${target}\` is missing: ${answer.why}; ${SCRIPT_IT}`);
    const note = alike[at] === true ? '' : 'what was asked then is not known: taken in the order of the recording';
    return inItsWords({ answer, by: 'recording', note }, call, target);
  }

  #whyNot(call: Call, target: string, same: readonly RecordedCall[]): string {
    if (same.length === 0 && this.#recorded.has(target))
      return `\`${target}\` was called fewer times then; ${SCRIPT_IT}`;
    if (same.length === 0) return `\`${target}\` was not called then; ${SCRIPT_IT}`;
    const fields = otherFields(same[0]!, call);
    const where = fields.length === 0 ? '' : `, in ${fields.map((name) => `\`${name}\``).join(', ')}`;
    return `\`${target}\` was asked otherwise then${where}; ${SCRIPT_IT}`;
  }
}

const SCRIPT_IT = 'give a reply of it with --script';

const nothing = (note: string): Found => ({ answer: undefined, by: 'nothing', note });

/** Nobody translates a reply that was kept: it was said to somebody who asked in these words. */
const inItsWords = (found: Found, { accept }: Call, target: string): Found => {
  const { answer } = found;
  if (answer?.kind !== 'reply') return found;
  if (formOf(answer.type) === 'a2a' && !isMessage(answer.bytes))
    return nothing(
      `the reply of \`${target}\` is a task, which goes on when its call is over, and a replay does not; give a reply with a \`message\` with --script`,
    );
  if (formOf(answer.type) === formOf(accept)) return found;
  const wanted = documentIn(formOf(accept));
  return nothing(
    `the reply of \`${target}\` is \`${answer.type}\`, and the agent asked for \`${wanted}\`; give one with --script and that \`type\``,
  );
};

/** INVARIANT: a task that is not over is asked about later, by this node itself, and not in the tree of the replay. */
const isMessage = (bytes: Uint8Array): boolean => {
  try {
    const said: unknown = JSON.parse(textOf(bytes));
    return typeof said === 'object' && said !== null && Object.keys(said).join() === 'message';
  } catch {
    return false;
  }
};

const spoken = (scripted: ScriptedReply): Spoken => {
  if ('fault' in scripted) {
    const { fault, message = 'as the script says' } = scripted;
    return { kind: 'fault', code: fault, message, executed: new Fault(fault, message).executed };
  }
  const { status = 200 } = scripted;
  const [text, type] =
    'json' in scripted
      ? [JSON.stringify(scripted.json), scripted.type ?? 'application/json']
      : [scripted.text, scripted.type ?? 'text/plain; charset=utf-8'];
  return { kind: 'reply', status, type, bytes: new TextEncoder().encode(text) };
};

const replyOf = ({ status, type, bytes }: Extract<Spoken, { kind: 'reply' }>): Reply => ({
  outcome: status >= 400 ? 'failed' : 'ok',
  status,
  contentType: type,
  headers: [],
  body: { kind: 'bytes', bytes },
  endpoint: '',
  attempts: 0,
  notes: ['replayed'],
});

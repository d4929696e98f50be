/** The recorded conversations: which tools a model called, with what, and what the desk of the time replied. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export interface RecordedCall {
  /** Not unique: models repeat ids within a conversation, so a reply belongs to the call just before it. */
  readonly id: string;
  readonly tool: string;
  readonly args: unknown;
  /** The arguments as the model wrote them. */
  readonly argsText: string;
  readonly reply: string;
}

export interface Conversation {
  /** `task-3-trial-1`; unique, fit for a session id. */
  readonly session: string;
  readonly task: number;
  readonly trial: number;
  /** 1 when the final database was right. */
  readonly reward: number;
  readonly calls: readonly RecordedCall[];
}

const toolCall = z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) });

const message = z.object({
  role: z.string(),
  content: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: z.string().optional(),
});

const trajectory = z.object({
  task_id: z.number(),
  trial: z.number(),
  reward: z.number(),
  messages: z.array(message),
});

type Message = z.infer<typeof message>;

/** Reads `trajectories.jsonl` of `dir`. Throws on a call without its reply: such a recording proves nothing. */
export const readRecordings = (dir: string): readonly Conversation[] =>
  readFileSync(join(dir, 'trajectories.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(conversation);

const conversation = (line: string): Conversation => {
  const { task_id: task, trial, reward, messages } = trajectory.parse(JSON.parse(line));
  const session = `task-${task}-trial-${trial}`;
  return { session, task, trial, reward, calls: messages.flatMap((_, at) => callsAt(session, messages, at)) };
};

const callsAt = (session: string, messages: readonly Message[], at: number): readonly RecordedCall[] =>
  (messages[at]?.tool_calls ?? []).map((call, nth) => {
    const answer = messages[at + 1 + nth];
    if (answer?.role !== 'tool' || answer.tool_call_id !== call.id) {
      throw new Error(`\`${session}\`: call \`${call.id}\` of \`${call.function.name}\` has no reply after it`);
    }
    const { name: tool, arguments: argsText } = call.function;
    return { id: call.id, tool, args: JSON.parse(argsText), argsText, reply: answer.content ?? '' };
  });

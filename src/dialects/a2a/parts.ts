/** Parts and ends of A2A, and the words that all dialects have for them. */
import type { Stop, Part as Word } from '../ask.ts';
import { lost } from '../dialect.ts';
import type { Part, TaskState } from './types.ts';

export const wordOf = (part: Part): Word => {
  if (part.text !== undefined) return { kind: 'text', text: part.text };
  if (part.raw === undefined && part.url === undefined) return { kind: 'data', data: part.data ?? null };
  return {
    kind: 'file',
    mediaType: part.mediaType || 'application/octet-stream',
    ...(part.filename ? { name: part.filename } : {}),
    ...(part.raw === undefined ? { url: part.url! } : { base64: part.raw }),
  };
};

/** Throws for what only models say to their callers. */
export const partOf = (word: Word): Part => {
  switch (word.kind) {
    case 'text':
      return { text: word.text };
    case 'data':
      return { data: word.data };
    case 'file':
      return {
        ...(word.base64 === undefined ? { url: word.url ?? '' } : { raw: word.base64 }),
        mediaType: word.mediaType,
        ...(word.name === undefined ? {} : { filename: word.name }),
      };
    default:
      throw lost('plain', 'a2a', [word.kind === 'call' ? 'a call of a tool' : 'the result of a tool']);
  }
};

const STOPS: Readonly<Record<TaskState, Stop>> = {
  TASK_STATE_UNSPECIFIED: 'working',
  TASK_STATE_SUBMITTED: 'working',
  TASK_STATE_WORKING: 'working',
  TASK_STATE_COMPLETED: 'end',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_INPUT_REQUIRED: 'input',
  TASK_STATE_REJECTED: 'rejected',
  TASK_STATE_AUTH_REQUIRED: 'login',
};

const STATES: Readonly<Record<Stop, TaskState>> = {
  end: 'TASK_STATE_COMPLETED',
  length: 'TASK_STATE_COMPLETED',
  filtered: 'TASK_STATE_COMPLETED',
  calls: 'TASK_STATE_INPUT_REQUIRED',
  failed: 'TASK_STATE_FAILED',
  canceled: 'TASK_STATE_CANCELED',
  rejected: 'TASK_STATE_REJECTED',
  working: 'TASK_STATE_WORKING',
  input: 'TASK_STATE_INPUT_REQUIRED',
  login: 'TASK_STATE_AUTH_REQUIRED',
};

export const stopOf = (state: TaskState): Stop => STOPS[state];
export const stateOf = (stop: Stop): TaskState => STATES[stop];

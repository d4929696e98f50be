/** What this node says in tasks by itself, and the names under which it says it. */
import type { Message, Task } from '../../dialects/a2a/index.ts';
import { type Ids, withMessage } from './story.ts';

/** Where the metadata of a task says what of Airspace ended it. */
export const FAULT_KEY = 'https://airspace.dev/a2a/extensions/fault/v1';
/** The extension under which a task says that it waits for people. */
export const APPROVAL_URI = 'https://airspace.dev/a2a/extensions/approval/v1';

/** Of a call that waits for people. */
export const waitingTask = (
  { task: id, context: contextId }: Ids,
  timestamp: string,
  approval: Readonly<Record<string, unknown>>,
  told: Message,
): Task => {
  const reason = typeof approval['reason'] === 'string' && approval['reason'] !== '' ? `: ${approval['reason']}` : '';
  const message: Message = {
    messageId: `approval-${id}`,
    role: 'ROLE_AGENT',
    parts: [{ text: `this call waits for the approval of people${reason}` }, { data: { approval } }],
    taskId: id,
    contextId,
    extensions: [APPROVAL_URI],
    metadata: { [APPROVAL_URI]: approval },
  };
  return {
    id,
    contextId,
    status: { state: 'TASK_STATE_INPUT_REQUIRED', message, timestamp },
    history: withMessage([told], message),
    metadata: { [APPROVAL_URI]: approval },
  };
};

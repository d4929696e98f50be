/** The tasks extension as the official suite asks for it, in front of a server whose SDK does not have it. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

type Json = Readonly<Record<string, unknown>>;

export interface Request {
  readonly id: string | number;
  readonly method: string;
  readonly params: Json & { readonly _meta?: Json };
}

export const TASKS = 'io.modelcontextprotocol/tasks';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

interface Task {
  readonly taskId: string;
  readonly createdAt: string;
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
  lastUpdatedAt: string;
  result?: Json;
  error?: Json;
  readonly questions: Map<string, Json>;
  readonly answers: Record<string, { readonly content?: Json }>;
  wake: () => void;
}

type Work = (args: Json, task: Task) => Promise<Json>;

const says = (text: string, more: Json = {}): Json => ({ content: [{ type: 'text', text }], ...more });
const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const question = (message: string, field: string): Json => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  },
});

class RpcFailure extends Error {}

/** Parks the task until every question has its answer. */
const asked = async (task: Task, questions: Readonly<Record<string, Json>>): Promise<Task['answers']> => {
  for (const [key, one] of Object.entries(questions)) task.questions.set(key, one);
  task.status = 'input_required';
  while (task.questions.size > 0)
    await new Promise<void>((resolve) => {
      task.wake = resolve;
    });
  task.status = 'working';
  return task.answers;
};

const WORKS: Readonly<Record<string, Work>> = {
  slow_compute: async ({ seconds }) => {
    await soon(Number(seconds ?? 0) * 1_000);
    return says(`computed for ${String(seconds)} seconds`);
  },
  failing_job: async () => {
    await soon(200);
    return says('the job failed', { isError: true });
  },
  protocol_error_job: async () => {
    await soon(200);
    throw new RpcFailure('the server lost the job');
  },
  confirm_delete: async (_, task) => {
    const { confirm } = await asked(task, { confirm: question('Delete it?', 'answer') });
    return says(`confirmed: ${JSON.stringify(confirm?.content ?? {})}`);
  },
  multi_input: async (_, task) => {
    const answers = await asked(task, { first: question('First?', 'one'), second: question('Second?', 'two') });
    return says(JSON.stringify(answers));
  },
  test_tool_with_task: async ({ name }) => says(`hello ${String(name)}`),
};

const REQUIRED = new Set(['failing_job', 'protocol_error_job', 'test_tool_with_task']);
const input = (properties: Json): Json => ({ type: 'object', properties });

/** What is listed besides the tools of the SDK. */
export const TASK_TOOLS: readonly (Json & { readonly name: string })[] = [
  { name: 'greet', description: 'says hello at once', inputSchema: input({ name: { type: 'string' } }) },
  ...Object.keys(WORKS).map((name) => ({
    name,
    description: `fixture ${name}`,
    inputSchema: input(name === 'slow_compute' ? { seconds: { type: 'number' }, label: { type: 'string' } } : {}),
  })),
];

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export class Tasks {
  readonly #tasks = new Map<string, Task>();

  /** Undefined: it is about no task. */
  async answer({ id, method, params }: Request, headers: IncomingHttpHeaders): Promise<Answer | undefined> {
    const ok = (result: Json): Answer => ({ status: 200, body: { jsonrpc: '2.0', id, result } });
    const failed = (status: number, code: number, message: string, data?: Json): Answer => ({
      status,
      body: { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } },
    });
    const declared = params._meta?.[CAPABILITIES] as { readonly extensions?: Json } | undefined;
    const isDeclared = declared?.extensions?.[TASKS] !== undefined;
    const undeclared = (): Answer =>
      failed(400, -32021, 'tasks were not declared', { requiredCapabilities: { extensions: { [TASKS]: {} } } });
    if (headers['mcp-method'] !== method) return undefined;
    if (method === 'tools/call') {
      const { name: tool, arguments: args = {} } = params as { readonly name?: string; readonly arguments?: Json };
      if (tool === 'greet') return ok({ resultType: 'complete', ...says(`Hello, ${String((args as Json)['name'])}!`) });
      const work = tool === undefined || !Object.hasOwn(WORKS, tool) ? undefined : WORKS[tool];
      if (work === undefined || tool === undefined) return undefined;
      if (tool === 'test_tool_with_task') return this.#afterAsking(params, ok, work);
      if (isDeclared) return ok(this.#begin(args as Json, work));
      if (REQUIRED.has(tool)) return undeclared();
      return ok({ resultType: 'complete', ...(await work(args as Json, this.#task())) });
    }
    if (method !== 'tasks/get' && method !== 'tasks/update' && method !== 'tasks/cancel') return undefined;
    if (!isDeclared) return undeclared();
    if (headers['mcp-name'] !== params['taskId']) return failed(400, -32020, 'the header says something else');
    const task = this.#tasks.get(String(params['taskId']));
    if (task === undefined) return failed(200, -32602, 'there is no such task');
    if (method === 'tasks/get') return ok({ resultType: 'complete', ...seen(task) });
    if (method === 'tasks/cancel') settle(task, { status: 'cancelled' });
    else hear(task, (params['inputResponses'] ?? {}) as Task['answers']);
    return ok({ resultType: 'complete' });
  }

  #afterAsking(params: Json, ok: (result: Json) => Answer, work: Work): Answer {
    const { user_name: answer } = (params['inputResponses'] ?? {}) as Task['answers'];
    if (answer === undefined)
      return ok({
        resultType: 'input_required',
        inputRequests: { user_name: question('Who?', 'name') },
        requestState: 'asked',
      });
    return ok(this.#begin({ name: answer.content?.['name'] }, work));
  }

  #task(): Task {
    const at = new Date().toISOString();
    return {
      ...{ taskId: randomUUID(), createdAt: at, lastUpdatedAt: at, status: 'working' },
      ...{ questions: new Map(), answers: {}, wake: () => {} },
    };
  }

  #begin(args: Json, work: Work): Json {
    const task = this.#task();
    this.#tasks.set(task.taskId, task);
    work(args, task).then(
      (result) => settle(task, { status: 'completed', result }),
      (thrown: unknown) => settle(task, { status: 'failed', error: { code: -32603, message: String(thrown) } }),
    );
    return { resultType: 'task', ...seen(task) };
  }
}

const OVER = new Set<Task['status']>(['completed', 'failed', 'cancelled']);

const settle = (task: Task, how: Partial<Task>): void => {
  if (!OVER.has(task.status)) Object.assign(task, how, { lastUpdatedAt: new Date().toISOString() });
};

const hear = (task: Task, answers: Task['answers']): void => {
  for (const [key, answer] of Object.entries(answers)) if (task.questions.delete(key)) task.answers[key] = answer;
  task.wake();
};

const seen = ({ questions, answers: _, wake: __, ...task }: Task): Json => ({
  ...task,
  ...{ ttlMs: 60_000, pollIntervalMs: 100 },
  ...(questions.size === 0 ? {} : { inputRequests: Object.fromEntries(questions) }),
});

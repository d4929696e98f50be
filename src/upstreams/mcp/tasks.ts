/** Whose the tasks of MCP servers are: to a server all of our callers look alike. */
import type { Endpoint } from '../../contract/index.ts';
import { membersOf } from '../../dialects/mcp/index.ts';

const MOST = 10_000;

export class Tasks {
  readonly #owners = new Map<string, string>();

  /** Takes from a result the task that it speaks of, if it does. */
  note(owner: string, endpoint: Endpoint, result: string): void {
    const id = taskIn(result);
    if (id === undefined) return;
    if (this.#owners.size >= MOST) this.#owners.delete(this.#owners.keys().next().value!);
    const key = keyOf(endpoint, id);
    // Whoever got it first keeps it: a server that hands one id to two callers gives the second nothing.
    if (!this.#owners.has(key)) this.#owners.set(key, owner);
  }

  owns(owner: string, endpoint: Endpoint, params: string): boolean {
    const id = textIn(params, 'taskId');
    return id !== undefined && this.#owners.get(keyOf(endpoint, id)) === owner;
  }
}

const keyOf = ({ id, url }: Endpoint, task: string): string => JSON.stringify([id, url, task]);

const taskIn = (result: string): string | undefined => {
  const members = membersOf(result);
  if (members?.get('resultType') === '"task"') return textIn(result, 'taskId') ?? textIn(members.get('task'), 'taskId');
  return textIn(members?.get('task'), 'taskId');
};

const textIn = (json: string | undefined, member: string): string | undefined => {
  const value: unknown = JSON.parse(membersOf(json ?? '{}')?.get(member) ?? 'null');
  return typeof value === 'string' && value.length <= 512 ? value : undefined;
};

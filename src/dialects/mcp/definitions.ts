/** Definitions of tools: as a server gives them now, and as they were when somebody accepted them. */

import { hash } from 'node:crypto';

export type Definition = Readonly<Record<string, unknown>>;

/** One text for one value: the order of members means nothing, and everything else does. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
};

/** Of a definition, for comparing: servers may have many tools, and each of them a book to say. */
export const fingerprint = (value: unknown): string => hash('sha256', canonical(value), 'base64url');

/** Tools of one page of a list, and where the next one is; empty for the last. Undefined: it is no list of tools. */
export interface ToolPage {
  readonly tools: readonly Definition[];
  readonly nextCursor: string;
}

export const toolsIn = (result: string): ToolPage | undefined => {
  const { tools, nextCursor } = JSON.parse(result) as { readonly tools?: unknown; readonly nextCursor?: unknown };
  if (!Array.isArray(tools) || !tools.every(isTool)) return undefined;
  return { tools, nextCursor: typeof nextCursor === 'string' ? nextCursor : '' };
};

const isTool = (tool: unknown): tool is Definition =>
  typeof tool === 'object' && tool !== null && typeof (tool as Definition)['name'] === 'string';

/** How a tool stands. `twice`: a server that defines one name in two ways is not believed in either. */
export type Standing = 'same' | 'changed' | 'gone' | 'twice';

/** `now`: fingerprints of all tools with this name. */
export const standingOf = (pinned: Definition, now: readonly string[]): Standing => {
  const [first, ...more] = now;
  if (first === undefined) return 'gone';
  if (more.length > 0) return 'twice';
  return first === fingerprint(pinned) ? 'same' : 'changed';
};

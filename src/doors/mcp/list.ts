/** `tools/list`: what the caller may call, page by page, in the words in which it was registered. */
import { CODES } from '../../dialects/mcp/index.ts';
import type { Asked } from './asked.ts';
import { type Json, Refusal } from './message.ts';
import type { Messages } from './sent.ts';
import { toolsOf } from './tools.ts';

const PAGE = 200;
/** A client that holds a list for longer calls tools that may be gone. */
export const LIST_TTL_MS = 30_000;

export async function* listed(asked: Asked): Messages {
  const tools = [...(await toolsOf(asked.parts.directory, asked.principal, asked.place)).values()];
  const from = placeIn(asked.params['cursor']);
  const page: readonly Json[] = tools.slice(from, from + PAGE).map(({ definition }) => definition);
  const next = from + PAGE < tools.length ? { nextCursor: cursorAt(from + PAGE) } : {};
  // What one caller may call is nobody else's list.
  return { kind: 'result', result: { tools: page, ...next, ttlMs: LIST_TTL_MS, cacheScope: 'private' } };
}

const cursorAt = (place: number): string => Buffer.from(`tools:${place}`).toString('base64url');

const placeIn = (cursor: unknown): number => {
  if (cursor === undefined) return 0;
  const text = typeof cursor === 'string' && cursor.length <= 64 ? Buffer.from(cursor, 'base64url').toString() : '';
  const [, place] = /^tools:(\d{1,9})$/.exec(text) ?? [];
  if (place === undefined) throw new Refusal(200, { code: CODES.invalidParams, message: '`cursor` is none of ours' });
  return Number(place);
};

/** Paths of the OpenAI API that are served here. */
import type { IncomingMessage } from 'node:http';
import type { Form } from '../../contract/index.ts';
import type { Route } from '../models/index.ts';

const ASKS: Readonly<Record<string, { readonly form: Form; readonly operation: string }>> = {
  '/v1/chat/completions': { form: 'openai-chat', operation: 'chat' },
  '/v1/responses': { form: 'openai-responses', operation: 'chat' },
  '/v1/responses/input_tokens': { form: 'openai-responses', operation: 'count' },
  '/v1/embeddings': { form: 'openai-embeddings', operation: 'embed' },
};

const KEPT = /^\/v1\/responses\/([A-Za-z0-9_-]{1,1000})(?:\/(cancel|input_items))?$/;
const MODEL = /^\/v1\/models\/([^/]{1,600})$/;

export const routeOf = ({ url = '', method = '' }: IncomingMessage): Route | undefined => {
  const [path = '', query = ''] = url.split('?', 2);
  const ask = Object.hasOwn(ASKS, path) ? ASKS[path] : undefined;
  if (ask !== undefined) return method === 'POST' ? { kind: 'ask', ...ask } : { kind: 'wrong method', allow: 'POST' };
  if (path === '/v1/models') return method === 'GET' ? { kind: 'list' } : { kind: 'wrong method', allow: 'GET' };
  const model = MODEL.exec(path)?.[1];
  if (model !== undefined) {
    const id = decoded(model);
    if (id === undefined) return { kind: 'nowhere' };
    return method === 'GET' ? { kind: 'model', id } : { kind: 'wrong method', allow: 'GET' };
  }
  const kept = KEPT.exec(path);
  return kept === null ? undefined : keptRoute(kept[1]!, kept[2], method, query);
};

const keptRoute = (id: string, tail: string | undefined, method: string, query: string): Route => {
  const about = { kind: 'kept', id, form: 'openai-responses' } as const;
  if (tail === 'cancel')
    return method === 'POST'
      ? { ...about, operation: 'response.cancel', payload: {} }
      : { kind: 'wrong method', allow: 'POST' };
  if (method === 'GET')
    return { ...about, operation: 'response.get', payload: { ...(tail === undefined ? {} : { items: true }), query } };
  if (method === 'DELETE' && tail === undefined) return { ...about, operation: 'response.delete', payload: {} };
  return { kind: 'wrong method', allow: tail === undefined ? 'GET, DELETE' : 'GET' };
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

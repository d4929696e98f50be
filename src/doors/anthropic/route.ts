/** Paths of the Anthropic API that are served here. Those of models are its own only for clients that say its version. */
import type { IncomingMessage } from 'node:http';
import type { Form } from '../../contract/index.ts';
import type { Route } from '../models/index.ts';

const ASKS: Readonly<Record<string, { readonly form: Form; readonly operation: string }>> = {
  '/v1/messages': { form: 'anthropic-messages', operation: 'chat' },
  '/v1/messages/count_tokens': { form: 'anthropic-count', operation: 'count' },
};

const MODEL = /^\/v1\/models\/([^/]{1,600})$/;

export const routeOf = ({ url = '', method = '', headers }: IncomingMessage): Route | undefined => {
  const [path = ''] = url.split('?', 1);
  const ask = Object.hasOwn(ASKS, path) ? ASKS[path] : undefined;
  if (ask !== undefined) return method === 'POST' ? { kind: 'ask', ...ask } : { kind: 'wrong method', allow: 'POST' };
  if (path.startsWith('/v1/messages/')) return { kind: 'nowhere' };
  if (headers['anthropic-version'] === undefined || method !== 'GET') return undefined;
  if (path === '/v1/models') return { kind: 'list' };
  const model = MODEL.exec(path)?.[1];
  return model === undefined ? undefined : named(model);
};

const named = (text: string): Route => {
  try {
    return { kind: 'model', id: decodeURIComponent(text) };
  } catch {
    return { kind: 'nowhere' };
  }
};

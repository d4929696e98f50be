/** Our own way to a target: one POST per operation, whose payload and answer are the target's affair. */
import { documentIn, eventsIn, type Form, formOf, type Reply, type Target } from '../../contract/index.ts';
import type { Way } from '../words.ts';
import type { HttpUpstream } from './upstream.ts';

/** Models are spoken to in the words that most of them know; for everything else it is arguments in, a document out. */
const formsOf = ({ kind, operation }: Target): readonly Form[] => {
  if (kind !== 'model') return ['plain'];
  if (operation === 'chat') return ['openai-chat', 'plain'];
  if (operation === 'embed') return ['openai-embeddings', 'plain'];
  return ['plain'];
};

export const httpWay = (upstream: HttpUpstream): Way => ({
  forms: ({ target }) => formsOf(target),
  to: (endpoint) => {
    const send = upstream.to(endpoint);
    if (endpoint.protocol === 'airspace') return (call, words, scope) => send(call, scope, words);
    return async (call, words, scope) => labelled(await send(call, scope, words), formOf(words.contentType));
  },
  close: () => upstream.close(),
});

/** A target knows nothing of forms: it answers in the one that it was asked in. */
const labelled = (reply: Reply, form: Form): Reply => {
  if (form === 'plain') return reply;
  if (reply.contentType.startsWith('text/event-stream')) return { ...reply, contentType: eventsIn(form) };
  return /^application\/json\s*(;|$)/.test(reply.contentType) ? { ...reply, contentType: documentIn(form) } : reply;
};

/**
 * In whose words a payload is written. It stands in the content type, so that it goes with the bytes through every node, and only the
 * last one has to translate. `plain`: the target's own words, or the arguments of a tool.
 */
export const FORMS = [
  'plain',
  /** A2A 1.0: `SendMessageRequest`, and the parameters of the other operations; answers are their results. */
  'a2a',
  /** MCP: parameters of a request without `name` and `_meta`; answers are results. */
  'mcp',
  'openai-chat',
  'openai-responses',
  'openai-embeddings',
  'anthropic-messages',
  'anthropic-count',
] as const;

export type Form = (typeof FORMS)[number];

const NAMED = /^(?:application\/json|text\/event-stream);form=([a-z0-9-]+)$/;

/** Only as we write it: whoever writes it otherwise means the target's own words. */
export const formOf = (contentType: string): Form => {
  // Asked about every call, and nearly always about plain JSON.
  if (!contentType.includes(';form=')) return 'plain';
  const form = NAMED.exec(contentType)?.[1];
  return FORMS.find((one) => one === form) ?? 'plain';
};

/** Content type of one document in this form. */
export const documentIn = (form: Form): string =>
  form === 'plain' ? 'application/json' : `application/json;form=${form}`;

/** Content type of a stream of events in this form. */
export const eventsIn = (form: Form): string =>
  form === 'plain' ? 'text/event-stream' : `text/event-stream;form=${form}`;

/** Without the name of the form, for whoever is not one of ours. */
export const outwards = (contentType: string): string =>
  formOf(contentType) === 'plain' ? contentType : contentType.slice(0, contentType.indexOf(';form='));

/** The APIs of models, in the words of OpenAI and of Anthropic. */
import { call, type Expected } from './words.ts';

/** Lists and kept responses: whoever may call nothing sees nothing, in the words of the API. */
const own: Expected = { in: [], see: ['alice'], bySight: true };

export const MODELS: Readonly<Record<string, Expected>> = {
  'openai: POST /v1/chat/completions': call,
  'openai: POST /v1/responses': call,
  // The model of the scene neither counts nor embeds.
  'openai: POST /v1/responses/input_tokens': own,
  'openai: POST /v1/embeddings': own,
  'openai: GET /v1/models': own,
  'openai: GET /v1/models/{name}': own,
  'openai: GET /v1/responses/{id}': own,
  'openai: DELETE /v1/responses/{id}': own,
  'openai: POST /v1/responses/{id}/cancel': own,
  'openai: GET /v1/responses/{id}/input_items': own,
  'anthropic: POST /v1/messages': call,
  'anthropic: POST /v1/messages/count_tokens': own,
  'anthropic: GET /v1/models (with anthropic-version)': own,
  'anthropic: GET /v1/models/{name} (with anthropic-version)': own,
};

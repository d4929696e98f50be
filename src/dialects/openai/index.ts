/** The words of the OpenAI API. */
export { chat } from './chat.ts';
export { embeddings } from './embeddings.ts';
export { responses } from './responses.ts';

import { notYet } from '../not-yet.ts';

export const chat = notYet('openai-chat');
export const responses = notYet('openai-responses');
export const embeddings = notYet('openai-embeddings');

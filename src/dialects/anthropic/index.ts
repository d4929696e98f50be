/** The words of the Anthropic API. */
export { count } from './count.ts';
export { messages } from './messages.ts';

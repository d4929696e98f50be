/** What the scripted model says: rules in the place of a neural network, so that the fleet runs offline and the same each time. */

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export const MODEL = 'scripted-small';

/** The instruction that makes it name a topic; anything else is answered from the facts that it is given. */
export const CLASSIFY = 'Name the topic of the question in one word: order, refund, knowledge or greeting.';

const TOPICS: readonly (readonly [RegExp, string])[] = [
  [/\b(refund|money back)\b.*\d/i, 'refund'],
  [/\border\b.*\d|\bparcel\b.*\d/i, 'order'],
  [/^\s*(hello|hi|hey|good (morning|evening))\b/i, 'greeting'],
];

export const topicOf = (question: string): string =>
  TOPICS.find(([pattern]) => pattern.test(question))?.[1] ?? 'knowledge';

/** The reply to a conversation. Facts are the lines of system messages that begin with `- `. */
export const replyTo = (messages: readonly Message[]): string => {
  const question = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  if (messages.some(({ role, content }) => role === 'system' && content === CLASSIFY)) return topicOf(question);
  const facts = messages.filter(({ role }) => role === 'system').flatMap(({ content }) => factsIn(content));
  if (facts.length === 0) return 'I have found nothing about that. A colleague at the desk can help you.';
  return `Here is what I found. ${facts.join(' ')}`;
};

const factsIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2).trim());

/** Words and marks: near enough to what tokenizers count, and the same on every machine. */
export const tokensOf = (text: string): readonly string[] => text.match(/\s*[\p{L}\p{N}]+|\s*[^\s\p{L}\p{N}]/gu) ?? [];

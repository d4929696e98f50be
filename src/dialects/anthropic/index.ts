import { notYet } from '../not-yet.ts';

export const messages = notYet('anthropic-messages');
export const count = notYet('anthropic-count');

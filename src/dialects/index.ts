/** The words of other protocols, and how the same is said in another one. Pure: nothing here opens a connection. */
import type { Form } from '../contract/index.ts';
import { a2a } from './a2a/index.ts';
import * as anthropic from './anthropic/index.ts';
import type { Dialect } from './dialect.ts';
import { mcp } from './mcp/index.ts';
import * as openai from './openai/index.ts';
import { plain } from './plain.ts';

const DIALECTS: Readonly<Record<Form, Dialect>> = {
  plain,
  a2a,
  mcp,
  'openai-chat': openai.chat,
  'openai-responses': openai.responses,
  'openai-embeddings': openai.embeddings,
  'anthropic-messages': anthropic.messages,
  'anthropic-count': anthropic.count,
};

export const dialectOf = (form: Form): Dialect => DIALECTS[form];

export type { Answer, Ask, Delta, Failure, Part, Stop, TokenUse, ToolOffer, Turn } from './ask.ts';
export { type About, type Dialect, lost } from './dialect.ts';
export { readEvents, type ServerEvent, writeEvent } from './events.ts';
export { type Members, memberIn, membersIn, withMembers } from './members.ts';

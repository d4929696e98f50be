/** What chat completions and responses say alike. */
import type { Failure, Stop, ToolOffer } from '../ask.ts';
import { asked, type Fields, known } from '../reading.ts';

/** Labels and hints: an answer is the same without them. */
export const HINTS = [
  'metadata',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'stream_options',
  'user',
] as const;

/** Of fields whose value is what holds without them. */
export const without = (fields: Fields, defaults: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !Object.hasOwn(defaults, name) || defaults[name] !== value),
  );

export const offerIn = (fields: Fields, where: string): ToolOffer => ({
  name: asked.text(fields['name'], `${where}.name`),
  input: fields['parameters'] ?? { type: 'object', properties: {} },
  ...known({
    description: asked.maybeText(fields['description'], `${where}.description`),
    strict: typeof fields['strict'] === 'boolean' ? fields['strict'] : undefined,
  }),
});

export const CHOICES: Readonly<Record<string, 'auto' | 'none' | 'any'>> = {
  auto: 'auto',
  none: 'none',
  required: 'any',
};

export const writeFailure = ({ message, type, status }: Failure): object => ({
  error: {
    message,
    type: type === '' ? (status < 500 ? 'invalid_request_error' : 'server_error') : type,
    param: null,
    code: null,
  },
});

export const FINISH: Readonly<Record<string, Stop>> = {
  stop: 'end',
  length: 'length',
  tool_calls: 'calls',
  function_call: 'calls',
  content_filter: 'filtered',
};

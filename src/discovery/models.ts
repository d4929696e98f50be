/** The APIs of models: whoever lists models in the shape of OpenAI or of Anthropic speaks like that. */
import { cameAs } from './search.ts';
import { hasUnseen, isRecord, lineOf, recordsOf } from './text.ts';
import type { Answered, Found, Search } from './words.ts';

/** Names that are shown and offered; a provider with more wants `--model`. */
const MOST_MODELS = 1_000;
const ANTHROPIC_VERSION = '2023-06-01';

export const findModels = async (search: Search): Promise<Found | undefined> => {
  const { address, wanted } = search;
  const base = `${address.origin}${address.pathname.replace(/\/+$/, '')}`;
  const root = base.replace(/\/v1$/, '');
  if (wanted.protocol !== 'anthropic')
    for (const at of base.endsWith('/v1') ? [base] : [base, `${base}/v1`]) {
      const asking = { what: 'OpenAI models', url: `${at}/models`, headers: {}, as: 'bearer' };
      const found = await list(search, asking, openai(at));
      if (found !== undefined) return found;
    }
  if (wanted.protocol === 'openai') return undefined;
  const headers = { 'anthropic-version': ANTHROPIC_VERSION };
  const url = `${root}/v1/models?limit=${MOST_MODELS}`;
  return list(search, { what: 'Anthropic models', url, headers, as: 'header:x-api-key' }, anthropic(root));
};

type Read = (answered: Answered) => Found | undefined;

interface Asking {
  readonly what: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly as: string;
}

const list = async (search: Search, { what, url, headers, as }: Asking, read: Read): Promise<Found | undefined> => {
  const answered = await search.ask(what, url, { headers }, as);
  if (answered === undefined) return undefined;
  const found = read(answered);
  search.note(what, url, found === undefined ? cameAs(answered) : saidOf(answered, found));
  return found;
};

const saidOf = ({ status }: Answered, { models }: Found): string =>
  status === 200 ? `${models.length} models` : `HTTP ${status}, in the words of the protocol; it wants a credential`;

const openai =
  (endpoint: string): Read =>
  ({ status, json }) => {
    if (!isRecord(json)) return undefined;
    if (status === 200 && Array.isArray(json['data']) && json['object'] === 'list')
      return found('openai', endpoint, namesIn(json['data']), status);
    const { error } = json;
    const refused =
      status === 401 && json['type'] === undefined && isRecord(error) && 'message' in error && 'type' in error;
    return refused ? found('openai', endpoint, [], status) : undefined;
  };

const anthropic =
  (endpoint: string): Read =>
  ({ status, json }) => {
    if (!isRecord(json)) return undefined;
    if (status === 200 && Array.isArray(json['data']) && 'has_more' in json)
      return found('anthropic', endpoint, namesIn(json['data']), status);
    const { error } = json;
    const refused =
      status === 401 && json['type'] === 'error' && isRecord(error) && error['type'] === 'authentication_error';
    return refused ? found('anthropic', endpoint, [], status) : undefined;
  };

const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}$/;

const namesIn = (data: unknown): readonly string[] =>
  recordsOf(data, MOST_MODELS)
    .map(({ id }) => id)
    .filter((id): id is string => typeof id === 'string' && !hasUnseen(id) && MODEL.test(id));

const found = (
  protocol: 'openai' | 'anthropic',
  endpoint: string,
  models: readonly string[],
  status: number,
): Found => ({
  kind: 'model',
  protocol,
  version: '',
  binding: '',
  title: lineOf(new URL(endpoint).hostname),
  description: '',
  endpoint,
  auth: status === 401 ? [protocol === 'openai' ? '`authorization: Bearer`' : '`x-api-key`'] : [],
  skills: [],
  tools: [],
  models: [...new Set(models)],
  warnings:
    status === 401 ? ['it lists its models only to who has a credential; name the model, or give a secret'] : [],
});

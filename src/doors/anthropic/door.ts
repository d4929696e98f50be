/** How calls enter in the words of Anthropic: messages, counts of tokens, and the list of models. */
import { Fault } from '../../contract/index.ts';
import { type Api, type Listed, type ModelDoor, type ModelDoorOptions, modelDoor } from '../models/index.ts';
import { errorOf } from './error.ts';
import { routeOf } from './route.ts';

export const anthropicDoor = (options: ModelDoorOptions): ModelDoor => modelDoor(options, api);

const api: Api = {
  routeOf,
  passes: new Set(['anthropic-version', 'anthropic-beta', 'tracestate']),
  requestId: 'request-id',
  fault: (fault, where) => {
    const { kind, document } = errorOf(fault, where);
    return { status: kind.status, later: kind.later === true, body: JSON.stringify(document) };
  },
  lastWords: (fault, where) => `event: error\ndata: ${JSON.stringify(errorOf(fault, where).document)}\n\n`,
  list: (models, query) => pageOf(models, query),
  model: (model) => modelOf(model),
};

/** The time of a model is not known, and the field is not optional. */
const modelOf = ({ id, target }: Listed): object => ({
  type: 'model',
  id,
  display_name: target.kind === 'model' ? target.name : id,
  created_at: '1970-01-01T00:00:00Z',
});

const MOST = 1_000;
const PAGE = 20;

const pageOf = (models: readonly Listed[], query: URLSearchParams): object => {
  const limit = limitIn(query.get('limit'));
  const [after, before] = [query.get('after_id'), query.get('before_id')];
  const from = after === null ? 0 : models.findIndex(({ id }) => id === after) + 1;
  const until =
    before === null
      ? models.length
      : Math.max(
          0,
          models.findIndex(({ id }) => id === before),
        );
  const page = before === null ? models.slice(from, from + limit) : models.slice(Math.max(0, until - limit), until);
  return {
    data: page.map(modelOf),
    has_more: before === null ? from + limit < models.length : until - limit > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
};

const limitIn = (text: string | null): number => {
  if (text === null) return PAGE;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST) throw new Fault('bad_request', `\`limit\` must be a number from 1 to ${MOST}`);
  return limit;
};

/** A request at a door of a model API, with what the door was given. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyLimits, Collecting } from '../http/index.ts';
import type { Api, ModelDoorOptions } from './words.ts';

export interface Entering {
  readonly options: ModelDoorOptions;
  readonly api: Api;
  readonly limits: BodyLimits;
  readonly collecting: Collecting;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

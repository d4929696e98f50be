/** The doors of model APIs, the same at every listener that callers reach. */
import { anthropicDoor } from '../../doors/anthropic/index.ts';
import type { Door } from '../../doors/index.ts';
import { type ModelDoorOptions, openaiDoor } from '../../doors/openai/index.ts';
import { idSealOf, type NodeKey } from '../../identity/index.ts';
import { directoryOf } from './directory.ts';
import type { LivePipeline } from './live.ts';

type Given = Omit<ModelDoorOptions, 'handler' | 'directory' | 'seal'> & { readonly key: NodeKey };

/** Anthropic first: both have a list of models at the same path, and its clients say which one they want. */
export const modelDoors = (live: LivePipeline, { key, ...given }: Given): readonly Door[] => {
  const options = {
    ...given,
    handler: () => live.handler,
    directory: directoryOf(live, given.world),
    seal: idSealOf(key),
  };
  return [anthropicDoor(options), openaiDoor(options)];
};

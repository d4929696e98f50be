/** The doors of model APIs, the same at every listener that callers reach. */
import type { Door } from '../../doors/index.ts';
import { type ModelDoorOptions, openaiDoor } from '../../doors/openai/index.ts';
import { directoryOf } from './directory.ts';
import type { LivePipeline } from './live.ts';

type Given = Omit<ModelDoorOptions, 'handler' | 'directory'>;

export const modelDoors = (live: LivePipeline, given: Given): readonly Door[] => {
  const options = { ...given, handler: () => live.handler, directory: directoryOf(live, given.world) };
  return [openaiDoor(options)];
};

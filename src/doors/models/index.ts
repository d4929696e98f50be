/** What the doors of model APIs have in common; each API has a folder of its own. */
export { modelDoor } from './door.ts';
export { chunksOf, edited } from './lines.ts';
export type {
  Api,
  Asked,
  Forwarded,
  Forwarding,
  Listed,
  ModelDoor,
  ModelDoorOptions,
  Occurrence,
  Revising,
  Route,
  Seal,
} from './words.ts';

/** What the doors of model APIs have in common; each API has a folder of its own. */
export { modelDoor } from './door.ts';
export type { Api, Asked, Forwarded, Listed, ModelDoor, ModelDoorOptions, Occurrence, Route } from './words.ts';

/** The only way into this room. */
export type { ModelDoorOptions } from '../models/index.ts';
export { openaiDoor } from './door.ts';
export { routes } from './routes.ts';
export { KINDS } from './status.ts';

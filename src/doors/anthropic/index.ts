/** The only way into this room. */
export { anthropicDoor } from './door.ts';
export { routes } from './routes.ts';
export { KINDS } from './status.ts';

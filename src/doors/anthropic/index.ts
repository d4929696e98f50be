/** The only way into this room. */
export { anthropicDoor } from './door.ts';
export { KINDS } from './status.ts';

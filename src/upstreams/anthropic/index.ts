/** The only way into this room. */
export { anthropicWay } from './way.ts';

/** The only way into this room. */
export { a2aWay } from './way.ts';

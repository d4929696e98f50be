/** The only way into this room. */
export { openaiWay } from './way.ts';

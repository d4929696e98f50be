/** The only way into this room. */
export { mcpWay } from './way.ts';

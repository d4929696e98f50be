/** The only way into this room. */
export { type StdioOptions, StdioServer } from './server.ts';

/** Policy compiled apart from the loop that serves calls. For the hub only. */
export { Apart } from './apart.ts';
export { ApartCompiler } from './compiler.ts';

/** Policy compiled apart from the loop that serves calls. For the hub only. */
export { ApartCompiler } from './compiler.ts';

/** Policy compiled and examined apart from the loop that serves calls. For the hub only. */
export { Apart } from './apart.ts';
export { ApartCompiler } from './compiler.ts';
export { type Examination, type Examined, examine } from './examine.ts';

/** Policy compiled apart from the loop that serves calls. For the hub only. */
export { policyCompilerApart } from './compile.ts';

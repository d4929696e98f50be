/** Three-valued evaluation: what may be said about a call before it is made. */
export { type Circumstances, type Dependence, explainMay, type May, type MayAnswer, mayAllow } from './may.ts';

/** The second opinion of cedar-wasm. Loaded by nodes that want one; sidecars never pay for it. */
export { type Mismatch, Oracle, type OracleCounts, type OracleOptions } from './oracle.ts';

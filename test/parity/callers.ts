/** Callers in every dialect, as the suite of topologies has them. */
export {
  type Asked,
  type Caller,
  DIALECTS as CALLERS,
  documentsIn,
  type Heard,
} from '../../src/conformance/topologies/dialects.ts';

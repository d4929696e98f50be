/** Policy that the compiler does not understand, decided by Cedar's own engine. */
export { fallbackEngine, type SchemaFor } from './engine.ts';
export { type FallbackSet, fallbackRemark, fallbackSets } from './remark.ts';

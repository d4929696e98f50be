/** Where a call stands in its tree, and when the tree has grown enough. */
export { lineage, MAX_DEPTH } from './layer.ts';

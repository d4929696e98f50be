/** The three topologies: lists of layers over one governance model. */
export { type FreshOptions, fresh } from './fresh.ts';
export { capabilitiesOf, domainHub, type Place, viewOf } from './hierarchy.ts';
export { hub } from './hub.ts';
export { sidecarIn, sidecarOut } from './mesh.ts';
export type { Parts } from './parts.ts';

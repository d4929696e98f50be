/** What is behind an address: looked for by protocol, told in words, and made into resources for a person to apply. */
export { discover } from './discover.ts';
export { type Naming, type Proposal, proposalOf, type TargetResource } from './resource.ts';
export { isRecord, labelOf } from './text.ts';
export type { Discovery, DiscoveryParts, Found, Signature, Tried, Wanted } from './words.ts';

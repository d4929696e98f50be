/** How a request of Airspace's own leaves for an address that somebody else wrote down: metadata of providers, webhooks. */
export { type AddressRule, isPublic } from './address.ts';
export {
  type EgressOptions,
  type GuardedFetch,
  type GuardedRequest,
  type GuardedResponse,
  guardedFetch,
} from './fetch.ts';

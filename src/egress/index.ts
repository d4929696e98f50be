/** How a request of Airspace's own leaves for an address that somebody else wrote down: metadata of providers, webhooks. */
export { type GuardedFetch, type GuardedRequest, type GuardedResponse, guardedFetch } from './fetch.ts';

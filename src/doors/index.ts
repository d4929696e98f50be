/** The one listener that all doors of a node hang on. Doors themselves are entered through their own folders. */
export { type Address, a2aAddress, addressesOf, mcpAddress } from './addresses.ts';
export { isLoopback } from './host.ts';
export {
  anyOf,
  type Door,
  type Listener,
  type ListenOptions,
  listen,
  listenerRoutes,
  refuseOpenBind,
} from './listen.ts';
export type { MutualTls, ShownIdentity } from './mutual.ts';
export { type DoorRoute, type Example, type Gate, type HttpMethod, nameOfRoute } from './routes.ts';
export { checkSocketPath } from './socket.ts';

/** The one listener that all doors of a node hang on. Doors themselves are entered through their own folders. */
export { isLoopback } from './host.ts';
export { anyOf, type Door, type Listener, type ListenOptions, listen, refuseOpenBind } from './listen.ts';

/** Orders to stop, as a node keeps them: matched against calls, and carried out on those that run. */
export { Halt } from './halt.ts';
export { indexOf, type OrderIndex, orderAgainst, orderFor } from './orders.ts';

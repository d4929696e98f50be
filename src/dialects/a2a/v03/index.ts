/** The dialect of A2A 0.3. */
export { cardFrom03, cardTo03, isCardV03, isV1, isV03 } from './card.ts';
export {
  cancelFrom03,
  eventFrom03,
  getFrom03,
  isFinal03,
  pushConfigFrom03,
  pushIdFrom03,
  sendParamsFrom03,
  subscribeFrom03,
  taskFrom03,
} from './from.ts';
export { type Translated, whole } from './loss.ts';
export {
  cardFromProto03,
  cardToProto03,
  eventFromProto03,
  eventToProto03,
  PROTO_03,
  sendFromProto03,
  sendToProto03,
  taskFromProto03,
  taskToProto03,
} from './proto.ts';
export { eventTo03, pushConfigTo03, sendParamsTo03, taskTo03, WRAPPED } from './to.ts';
export type * as V03 from './types.ts';
export { readV03 } from './vocabulary.ts';

/** The only way into this room. */
export { a2aDoor } from './door.ts';
export { type GrpcDoor, grpcDoor } from './grpc.ts';
export { saidToReceiver } from './old.ts';
export type { A2aDoorOptions, HeldCall, HeldCalls, LoginOffer, PostOut, Signing } from './port.ts';
export { KEYS_PATH } from './route.ts';
export { routes } from './routes.ts';
export { A2aService } from './service.ts';
export { APPROVAL_URI } from './words.ts';

/** The login door: how people at a browser get a session, and lose it. */
export { type LoginDoor, loginDoor } from './door.ts';
export type { Begun, LoginPorts, LoginProvider, SessionView } from './port.ts';
export { routes } from './routes.ts';

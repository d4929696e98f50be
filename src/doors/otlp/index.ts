/** The door for what agents say of themselves. */
export { type OtlpDoor, type OtlpDoorOptions, otlpDoor } from './door.ts';
export { routes } from './routes.ts';

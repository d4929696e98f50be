/** The only way into this room. */
export { type McpDoor, type McpDoorOptions, mcpDoor } from './door.ts';
export { routes } from './routes.ts';
export { type Sealer, sealerOf } from './seal.ts';

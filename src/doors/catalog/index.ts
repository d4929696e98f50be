/** The catalog door: what there is, for whoever may know. */
export { type CatalogDoor, catalogDoor } from './door.ts';
export { routes } from './routes.ts';
export type { CatalogOptions, Entry } from './words.ts';

/** Pages for people, from the node itself. */
export { isSecure, type PagesOptions, pagesDoor } from './door.ts';
export type { Visitor } from './frame.ts';
export { type Html, html } from './html.ts';
export { Logins } from './logins.ts';
export { routes } from './routes.ts';

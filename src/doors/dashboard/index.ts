/** The dashboard, as files for a browser. */
export { BASE, type DashboardDoor, dashboardDoor } from './door.ts';
export { type BuiltPages, readPages } from './files.ts';
export { routes } from './routes.ts';

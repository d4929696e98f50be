/** The door for how work ended. */
export { MOST_NOTE, MOST_TASK } from './asked.ts';
export { type OutcomesDoor, type OutcomesDoorOptions, outcomesDoor } from './door.ts';
export { routes } from './routes.ts';

/** What targets promise to provide, held against each other. */
export { type Acceptance, accepts } from './accepts.ts';
export { goingBack, provisionConflicts } from './conflicts.ts';

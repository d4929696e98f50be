/** Not written yet: see the dialect beside it. */
import { notYet } from '../not-yet.ts';

export const a2a = notYet('a2a');

/** Not written yet: see the dialect beside it. */
import { notYet } from '../not-yet.ts';

export const mcp = notYet('mcp');

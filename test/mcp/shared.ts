/** One house for all files that `door.test.ts` brings together: starting one costs more than most of what is done in it. */
import { after } from 'node:test';
import { startHouse } from './house.ts';

export const house = await startHouse();
after(() => house.stop());

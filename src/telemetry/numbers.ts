/** Numbers of events, which may come from a node that is lying. */
import type { Attributes } from '../contract/index.ts';

/** One that is no whole number, or below 0, counts nothing. */
export const countIn = (attributes: Attributes, name: string): number => {
  const value = attributes[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
};

/** The functions that expressions may call: those of the language and its extension for texts. There is no clock among them, and no chance. */
import { BOOL, DYN, INT, STRING, type Type } from './type.ts';

export interface Known {
  readonly answers: Type;
  /** What it is called on, where that is not anything. */
  readonly on?: readonly string[];
}

const of = (answers: Type, ...on: readonly string[]): Known => (on.length === 0 ? { answers } : { answers, on });
const part = of(INT, 'timestamp', 'duration');

export const FUNCTIONS: Readonly<Record<string, Known>> = {
  int: of(INT),
  uint: of(DYN),
  double: of({ is: 'double' }),
  bool: of(BOOL),
  bytes: of({ is: 'bytes' }),
  dyn: of(DYN),
  type: of(DYN),
  timestamp: of({ is: 'timestamp' }),
  duration: of({ is: 'duration' }),
  matches: of(BOOL, 'string'),
  startsWith: of(BOOL, 'string'),
  endsWith: of(BOOL, 'string'),
  contains: of(BOOL, 'string'),
  getDate: part,
  getDayOfMonth: part,
  getDayOfWeek: part,
  getDayOfYear: part,
  getFullYear: part,
  getHours: part,
  getMilliseconds: part,
  getMinutes: part,
  getMonth: part,
  getSeconds: part,
  charAt: of(STRING, 'string'),
  indexOf: of(INT, 'string'),
  lastIndexOf: of(INT, 'string'),
  lowerAscii: of(STRING, 'string'),
  upperAscii: of(STRING, 'string'),
  replace: of(STRING, 'string'),
  split: of({ is: 'list', of: STRING }, 'string'),
  substring: of(STRING, 'string'),
  trim: of(STRING, 'string'),
  join: of(STRING, 'list'),
};

/**
 * Who gets in where, written down by hand and by nobody's code: the other opinion that every route is held against. A route that is
 * not here fails the build; whoever adds one says here who may use it.
 */
import { A2A } from './expected/a2a.ts';
import { MCP } from './expected/mcp.ts';
import { MODELS } from './expected/models.ts';
import { OWN } from './expected/own.ts';
import type { Expected } from './expected/words.ts';

export type { Expected };

export const EXPECTED: Readonly<Record<string, Expected>> = { ...OWN, ...A2A, ...MCP, ...MODELS };

/** The tools that an MCP server lists, as it defines them, as far as they can be operations of ours. */
import { MCP_PREFIX, OperationName } from '../contract/index.ts';
import { hasUnseen, lineOf, recordsOf } from './text.ts';
import type { Found, FoundTool } from './words.ts';

/** As many as a target may have operations. */
const MOST_TOOLS = 500;
const MOST_PAGES = 20;

interface Asking {
  /** The result of a request; undefined when none came. */
  readonly ask: (
    method: string,
    params: Readonly<Record<string, unknown>>,
  ) => Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** Bounded in every way: a server may list for ever. */
export const toolsOf = async ({ ask }: Asking): Promise<Pick<Found, 'tools' | 'warnings'>> => {
  const taken: Taken = { tools: new Map(), warnings: new Set(), bytes: 0 };
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const result = await ask('tools/list', cursor === undefined ? {} : { cursor });
    if (result === undefined) return broken(taken, page);
    const { tools, nextCursor } = result;
    for (const definition of recordsOf(tools, Number.POSITIVE_INFINITY)) take(definition, taken);
    cursor = typeof nextCursor === 'string' && nextCursor.length <= 4_096 ? nextCursor : undefined;
    if (cursor === undefined || taken.warnings.has(tooMany)) return found(taken);
  }
  taken.warnings.add(tooMany);
  return found(taken);
};

const broken = (taken: Taken, page: number): Pick<Found, 'tools' | 'warnings'> => {
  taken.warnings.add(page === 0 ? 'it lists no tools' : 'it broke off its list of tools');
  return found(taken);
};

const found = ({ tools, warnings }: Taken): Pick<Found, 'tools' | 'warnings'> => ({
  tools: [...tools.values()],
  warnings: [...warnings],
});

const tooMany = `it lists more than ${MOST_TOOLS} tools, more than a mebibyte of them, or goes on for ever; the others cannot be called`;
/** Of one definition. What a model would have to read before it does anything is no tool. */
const MOST_DEFINITION = 64 * 1024;

/** Of all of them: they go to every node, and through one request before that. */
const MOST_IN_ALL = 1024 * 1024;

interface Taken {
  readonly tools: Map<string, FoundTool>;
  readonly warnings: Set<string>;
  bytes: number;
}

const take = (definition: FoundTool['definition'], taken: Taken): void => {
  const { tools, warnings } = taken;
  const { name } = definition;
  const bytes = JSON.stringify(definition).length;
  const shown = lineOf(name, 80) || 'without a name';
  if (typeof name !== 'string' || !OperationName.safeParse(name).success || name.startsWith(MCP_PREFIX))
    warnings.add(`the tool \`${shown}\` has a name that no operation may have, and is left out`);
  else if (tools.has(name)) warnings.add(`the tool \`${shown}\` is listed twice; the first one counts`);
  else if (bytes > MOST_DEFINITION)
    warnings.add(`the definition of the tool \`${shown}\` is longer than ${MOST_DEFINITION} bytes, and it is left out`);
  else if (tools.size >= MOST_TOOLS || taken.bytes + bytes > MOST_IN_ALL) warnings.add(tooMany);
  else {
    if (hasUnseen(String(definition['description'] ?? '').replace(/\s/g, '')))
      warnings.add(`the description of the tool \`${shown}\` has characters that nobody sees`);
    tools.set(name, { name, definition });
    taken.bytes += bytes;
  }
};

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
  const tools = new Map<string, FoundTool>();
  const warnings = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && tools.size < MOST_TOOLS; page++) {
    const result = await ask('tools/list', cursor === undefined ? {} : { cursor });
    if (result === undefined) {
      warnings.add(page === 0 ? 'it lists no tools' : 'it broke off its list of tools');
      return { tools: [...tools.values()], warnings: [...warnings] };
    }
    const { tools: listed, nextCursor } = result;
    for (const definition of recordsOf(listed, Number.POSITIVE_INFINITY)) take(definition, tools, warnings);
    cursor = typeof nextCursor === 'string' && nextCursor.length <= 4_096 ? nextCursor : undefined;
    if (cursor === undefined) return { tools: [...tools.values()], warnings: [...warnings] };
  }
  warnings.add(tooMany);
  return { tools: [...tools.values()], warnings: [...warnings] };
};

const tooMany = `it lists more than ${MOST_TOOLS} tools, or goes on for ever; the others cannot be called`;
/** Of one definition. What a model would have to read before it does anything is no tool. */
const MOST_DEFINITION = 64 * 1024;

const take = (definition: FoundTool['definition'], tools: Map<string, FoundTool>, warnings: Set<string>): void => {
  const { name } = definition;
  const shown = lineOf(name, 80) || 'without a name';
  if (typeof name !== 'string' || !OperationName.safeParse(name).success || name.startsWith(MCP_PREFIX))
    warnings.add(`the tool \`${shown}\` has a name that no operation may have, and is left out`);
  else if (tools.has(name)) warnings.add(`the tool \`${shown}\` is listed twice; the first one counts`);
  else if (JSON.stringify(definition).length > MOST_DEFINITION)
    warnings.add(`the definition of the tool \`${shown}\` is longer than ${MOST_DEFINITION} bytes, and it is left out`);
  else if (tools.size >= MOST_TOOLS) warnings.add(tooMany);
  else {
    if (hasUnseen(String(definition['description'] ?? '').replace(/\s/g, '')))
      warnings.add(`the description of the tool \`${shown}\` has characters that nobody sees`);
    tools.set(name, { name, definition });
  }
};

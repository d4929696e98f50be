/** Which arguments of which tools a server wants repeated in headers: learnt from its own lists, when somebody asks for one. */
import type { Endpoint } from '../../contract/index.ts';
import { type Mirror, mirrorsIn } from '../../dialects/mcp/index.ts';
import type { Said } from './said.ts';
import type { Wire } from './wire.ts';

const MOST_PAGES = 20;
const MOST_ENDPOINTS = 1_000;
const MOST_TOOLS = 1_000;
const NONE: readonly Mirror[] = [];

export class Mirrors {
  readonly #known = new Map<string, Map<string, readonly Mirror[]>>();

  of(endpoint: Endpoint, tool: string): readonly Mirror[] {
    return this.#known.get(keyOf(endpoint))?.get(tool) ?? NONE;
  }

  /** Takes from a result of `tools/list` what it says about headers. */
  note(endpoint: Endpoint, result: string): void {
    const key = keyOf(endpoint);
    if (!result.includes('x-mcp-header') && !this.#known.has(key)) return;
    const { tools } = JSON.parse(result) as { readonly tools?: unknown };
    if (!Array.isArray(tools)) return;
    const known = this.#known.get(key) ?? new Map<string, readonly Mirror[]>();
    for (const tool of tools as readonly { readonly name?: unknown; readonly inputSchema?: unknown }[]) {
      if (typeof tool?.name !== 'string' || known.size >= MOST_TOOLS) continue;
      const mirrors = mirrorsIn(tool.inputSchema);
      known.set(tool.name, typeof mirrors === 'string' ? NONE : mirrors);
    }
    if (this.#known.size >= MOST_ENDPOINTS) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, known);
  }

  /** Asks the server for all of its tools. */
  async learn({ endpoint }: Wire, list: (cursor: string) => AsyncGenerator<Said>): Promise<void> {
    let cursor = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const result = await resultIn(list(cursor));
      if (result === undefined) return;
      this.note(endpoint, result);
      const { nextCursor } = JSON.parse(result) as { readonly nextCursor?: unknown };
      if (typeof nextCursor !== 'string' || nextCursor === '') return;
      cursor = nextCursor;
    }
  }
}

const keyOf = ({ id, url }: Endpoint): string => `${id} ${url}`;

const resultIn = async (said: AsyncGenerator<Said>): Promise<string | undefined> => {
  for await (const one of said) {
    if (one.kind === 'result') return one.result;
    if (one.kind === 'error') return undefined;
  }
  return undefined;
};

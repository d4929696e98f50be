/** Which people are behind a call: those whose calls it belongs to, by tree, trace or session, as far as this node has seen them. */
import type { Call } from '../contract/index.ts';
import { type Layer, Recent } from '../kernel/index.ts';

/** Trees, traces and sessions remembered at least; who was seen longest ago goes first. */
const LEAST_REMEMBERED = 50_000;
/** People of one session. */
const MOST_PEOPLE = 100;

export class Origins {
  readonly #users = new Recent<Set<string>>(2 * LEAST_REMEMBERED);

  /** Right below `identify`: it only watches. */
  readonly layer: Layer = (next) => (call, scope) => {
    if (call.principal?.kind === 'user') this.#note(call, `user/${call.principal.id}`);
    return next(call, scope);
  };

  /** Sorted. What an agent conceals, by dropping trace and session, nobody can know. */
  behind(call: Call): readonly string[] {
    const found = keysOf(call).flatMap((key) => [...(this.#users.get(key) ?? [])]);
    return [...new Set(found)].sort();
  }

  #note(call: Call, user: string): void {
    for (const key of keysOf(call)) {
      const users = this.#users.get(key) ?? new Set<string>();
      if (users.size < MOST_PEOPLE) users.add(user);
      this.#users.set(key, users);
    }
  }
}

const keysOf = ({ principal, lineage, trace, session }: Call): readonly string[] => {
  const { tenant = '' } = principal ?? {};
  return [
    `call\n${tenant}\n${lineage.root}`,
    `trace\n${tenant}\n${trace.trace}`,
    ...(session === undefined ? [] : [`session\n${tenant}\n${session}`]),
  ];
};

/** Facts as people declare them to entries of a snapshot: what they name exists, what they ask only reads, and no two wait for each other. */
import type { FactEntry, FactSource, FactSpec, TargetKind } from '../../contract/index.ts';
import { argumentsFromSchema } from '../arguments/index.ts';
import { suggestion } from '../names.ts';
import { operationId } from '../schema.ts';
import type { FactDeclaration } from './declaration.ts';

/** What a fact can name. */
interface Registry {
  readonly targets: readonly {
    readonly tenant: string;
    readonly kind: TargetKind;
    readonly name: string;
    readonly operations: readonly { readonly name: string; readonly effect?: string | undefined }[];
  }[];
}

export interface DeclaredFacts {
  /** Each after those that it is built from. */
  readonly entries: readonly FactEntry[];
  /** Each begins with the place of the declaration. */
  readonly problems: readonly string[];
}

/** The facts of one tenant. Never throws. */
export const declareFacts = (facts: readonly FactDeclaration[], registry: Registry, tenant: string): DeclaredFacts => {
  const ours = facts.filter((fact) => fact.tenant === tenant);
  const targets = registry.targets.filter((target) => target.tenant === tenant);
  const problems: string[] = [];
  const known = new Declarer(ours, targets, problems);
  const entries = new Map(ours.map((fact) => [fact.name, known.entryOf(fact)]));
  return { entries: inOrder(entries, ours, problems), problems };
};

type Targets = Registry['targets'];

class Declarer {
  readonly #facts: readonly FactDeclaration[];
  readonly #targets: Targets;
  readonly #problems: string[];
  /** What facts ask. INVARIANT: no fact serves it, so asking never waits for asking. */
  readonly #asked: ReadonlySet<string>;

  constructor(facts: readonly FactDeclaration[], targets: Targets, problems: string[]) {
    this.#facts = facts;
    this.#targets = targets;
    this.#problems = problems;
    this.#asked = new Set(
      facts.flatMap(({ spec: { ask } }) => (ask === undefined ? [] : [operationId(ask.kind, ask.name, ask.operation)])),
    );
  }

  entryOf(fact: FactDeclaration): FactEntry {
    const { tenant, name, spec } = fact;
    const { ask, value = null, take, cacheMs } = spec;
    const declared = argumentsFromSchema(spec.as);
    for (const why of declared.untyped) this.#say(fact, `\`spec.as\`: ${why.replace('its `input`', 'the schema')}`);
    if (ask !== undefined) this.#checkAsk(fact, ask);
    return {
      tenant,
      name,
      serves: [...new Set(spec.for.flatMap((each) => this.#served(fact, each)))].sort(),
      ask:
        ask === undefined
          ? null
          : { target: { kind: ask.kind, name: ask.name, operation: ask.operation }, body: ask.body },
      value,
      take,
      type: declared.type ?? { is: 'record', fields: [], closed: false },
      cacheMs,
    };
  }

  #served(fact: FactDeclaration, { kind, name, operations }: FactSpec['for'][number]): string[] {
    const target = this.#target(fact, 'spec.for', kind, name);
    if (target === undefined) return [];
    const all = target.operations.map((operation) => operationId(kind, name, operation.name));
    if (operations === undefined) return all.filter((id) => !this.#asked.has(id));
    return operations.flatMap((operation) => {
      const id = operationId(kind, name, operation);
      if (!all.includes(id)) this.#say(fact, this.#noOperation('spec.for', target, operation));
      else if (!this.#asked.has(id)) return [id];
      else
        this.#say(fact, `\`spec.for\` names \`${id}\`, which a fact asks; deciding such a call must not ask for facts`);
      return [];
    });
  }

  #checkAsk(fact: FactDeclaration, ask: NonNullable<FactSpec['ask']>): void {
    const target = this.#target(fact, 'spec.ask', ask.kind, ask.name);
    const operation = target?.operations.find(({ name }) => name === ask.operation);
    if (target !== undefined && operation === undefined)
      this.#say(fact, this.#noOperation('spec.ask', target, ask.operation));
    if (operation !== undefined && operation.effect !== undefined && operation.effect !== 'read')
      this.#say(
        fact,
        `\`spec.ask\` is \`${ask.operation}\` with the effect \`${operation.effect}\`; a fact is asked for before anything is decided, so it must be \`read\``,
      );
    for (const name of dependencies(ask.body)) {
      const names = new Set(this.#facts.map((each) => each.name));
      if (!names.has(name))
        this.#say(fact, `\`spec.ask.body\` names the fact \`${name}\`, which does not exist${suggestion(name, names)}`);
    }
  }

  #target(fact: FactDeclaration, field: string, kind: TargetKind, name: string): Targets[number] | undefined {
    const target = this.#targets.find((each) => each.kind === kind && each.name === name);
    if (target === undefined) {
      const names = new Set(this.#targets.filter((each) => each.kind === kind).map((each) => each.name));
      this.#say(fact, `\`${field}\` names the ${kind} \`${name}\`, which does not exist${suggestion(name, names)}`);
    }
    return target;
  }

  #noOperation(field: string, { kind, name, operations }: Targets[number], operation: string): string {
    const names = new Set(operations.map((each) => each.name));
    return `\`${field}\`: ${kind} \`${name}\` has no operation \`${operation}\`${suggestion(operation, names)}`;
  }

  #say(fact: FactDeclaration, text: string): void {
    this.#problems.push(`${fact.source}: Fact \`${fact.name}\`: ${text}`);
  }
}

/** Names of the facts that a question is built from. */
export const dependencies = (body: Readonly<Record<string, FactSource>>): string[] =>
  Object.values(body).flatMap((source) => ('fact' in source ? [source.fact] : []));

/** Depth first; what is still open when it is met again waits for itself. */
const inOrder = (
  entries: ReadonlyMap<string, FactEntry>,
  declared: readonly FactDeclaration[],
  problems: string[],
): readonly FactEntry[] => {
  const done: FactEntry[] = [];
  const visit = (name: string, open: readonly string[]): void => {
    const entry = entries.get(name);
    if (entry === undefined || done.includes(entry)) return;
    if (open.includes(name)) {
      const way = [...open.slice(open.indexOf(name)), name].map((each) => `\`${each}\``).join(' -> ');
      const source = declared.find((each) => each.name === name)?.source;
      problems.push(`${source}: Fact \`${name}\`: waits for itself: ${way}`);
      return;
    }
    for (const before of dependencies(entry.ask?.body ?? {})) visit(before, [...open, name]);
    if (!done.includes(entry)) done.push(entry);
  };
  for (const name of [...entries.keys()].sort()) visit(name, []);
  return done;
};

/** Whom a request is for, and which operation of theirs: the path names an agent, or `tenant` does, or the skill. */
import {
  type AskedCapability,
  askedIn,
  type Call,
  type Directory,
  Fault,
  MCP_PREFIX,
  type OperationEntry,
  type Principal,
  RUN,
  type Target,
  type TargetEntry,
  type TargetKind,
} from '../../contract/index.ts';
import { isObject } from './json.ts';

/** Null: the node itself, for whatever the request says further. */
export type Addressed = { readonly kind: TargetKind; readonly name: string } | null;

export const ROOTS: Readonly<Record<string, TargetKind>> = { tools: 'tool', models: 'model' };
export const KINDS: readonly TargetKind[] = ['agent', 'tool', 'model'];

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const isName = (text: string): boolean => NAME.test(text);

/** `orders`, `tools/search`, `models/gpt`. Throws `bad_request` for anything else. */
export const addressIn = (tenant: string): Addressed => {
  if (tenant === '') return null;
  const [first = '', second, ...rest] = tenant.split('/');
  if (second === undefined && isName(first)) return { kind: 'agent', name: first };
  const kind = ROOTS[first];
  if (kind !== undefined && second !== undefined && rest.length === 0 && isName(second)) return { kind, name: second };
  throw new Fault('bad_request', '`tenant` must name an agent such as `orders`, or `tools/search`, or `models/gpt`');
};

export const isA2a = ({ speech }: TargetEntry): boolean => speech?.protocol === 'a2a';

/** What comes with a protocol is no skill of a target. */
const isSkill = (entry: TargetEntry, { name }: OperationEntry): boolean => {
  const protocol = entry.speech?.protocol ?? 'http';
  // A question of a run is for nobody but its run.
  if (protocol === 'plan') return name === RUN;
  if (protocol === 'a2a') return !/^task\.|^card$/.test(name);
  return protocol !== 'mcp' || !name.startsWith(MCP_PREFIX);
};

export const skillsOf = (entry: TargetEntry): readonly OperationEntry[] =>
  entry.operations.filter((operation) => isSkill(entry, operation));

export interface Chosen {
  readonly entry: TargetEntry;
  readonly operation: string;
  /** What was asked for, where that was no target. */
  readonly capability?: Required<NonNullable<Call['capability']>>;
}

/** Of a skill that is a capability: `capability/query_database@^2`. No kind of target is called that. */
const CAPABILITY = 'capability/';

export class Targets {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** Throws `not_found`. */
  find(principal: Principal, { kind, name }: NonNullable<Addressed>): TargetEntry {
    const entry = this.#directory.find(principal.tenant, kind, name);
    if (entry === undefined) throw new Fault('not_found', `there is no ${kind} \`${name}\``);
    return entry;
  }

  /** With the operations that the principal may call, possibly; undefined: none. */
  async visible(principal: Principal, { kind, name }: NonNullable<Addressed>): Promise<TargetEntry | undefined> {
    return (await this.#directory.visible(principal, [kind])).find((entry) => entry.name === name);
  }

  all(principal: Principal): Promise<readonly TargetEntry[]> {
    return this.#directory.visible(principal, KINDS);
  }

  /** Throws `denied` when policy never lets the principal do this with the target. */
  async throwIfHidden(principal: Principal, target: NonNullable<Addressed>, operation: string): Promise<void> {
    const entry = this.#directory.find(principal.tenant, target.kind, target.name);
    // Of a target that knows no tasks this node keeps them, and they are their owner's.
    if (entry === undefined || !isA2a(entry)) return;
    const visible = await this.visible(principal, target);
    if (visible?.operations.some(({ name }) => name === operation) !== true)
      throw new Fault('denied', `policy does not allow \`${operation}\` of ${target.kind} \`${target.name}\``);
  }

  /** Which operation a message is for. Throws `bad_request` that lists those that could be meant. */
  async choose(principal: Principal, addressed: Addressed, metadata: unknown): Promise<Chosen> {
    const skill = isObject(metadata) && typeof metadata['skill'] === 'string' ? metadata['skill'] : '';
    if (addressed === null) return this.#bySkill(principal, skill);
    const entry = this.find(principal, addressed);
    const visible = await this.visible(principal, addressed);
    return { entry, operation: operationFor(entry, visible === undefined ? [] : skillsOf(visible), skill) };
  }

  #byCapability(principal: Principal, asked: AskedCapability): Chosen {
    const chosen = this.#directory.provider(principal, asked);
    const entry = this.find(principal, chosen.target);
    return { entry, operation: chosen.target.operation, capability: { asked, chosen } };
  }

  /** What a conversation went to, if that provides what is asked for. Throws Fault `not_found`, when it is there no more. */
  stays(principal: Principal, { kind, name, operation }: Target, { name: asked }: AskedCapability): Chosen | undefined {
    const entry = this.find(principal, { kind, name });
    const provides = entry.operations.find((one) => one.name === operation)?.provides ?? [];
    return provides.some(({ capability }) => capability === asked) ? { entry, operation } : undefined;
  }

  async #bySkill(principal: Principal, skill: string): Promise<Chosen> {
    if (skill.startsWith(CAPABILITY)) return this.#byCapability(principal, askedIn(skill.slice(CAPABILITY.length)));
    const [kind = '', name = '', operation = '', ...rest] = skill.split('/');
    const known = KINDS.find((one) => one === kind);
    if (known !== undefined && isName(name) && rest.length === 0) {
      const entry = this.find(principal, { kind: known, name });
      return { entry, operation: operationFor(entry, skillsOf(entry), operation) };
    }
    const could = (await this.all(principal)).flatMap((entry) => skillsOf(entry).map((one) => skillId(entry, one)));
    throw new Fault(
      'bad_request',
      `say for whom this is: name the agent as \`tenant\`, or one of these as \`metadata.skill\` of the message: ${listed(could)}`,
    );
  }
}

/** As the card of a node names it. */
export const skillId = (
  { kind, name }: Pick<TargetEntry, 'kind' | 'name'>,
  operation: Pick<OperationEntry, 'name'>,
): string => `${kind}/${name}/${operation.name}`;

const operationFor = (entry: TargetEntry, callable: readonly OperationEntry[], skill: string): string => {
  const has = (name: string): boolean => skillsOf(entry).some((operation) => operation.name === name);
  if (skill !== '' && has(skill)) return skill;
  // What an agent calls a skill, it chooses itself when it reads the message.
  if (skill !== '' && has('message') && cardSkills(entry).includes(skill)) return 'message';
  if (skill === '') {
    if (has('message')) return 'message';
    const [only, ...more] = callable.length > 0 ? callable : skillsOf(entry);
    if (only !== undefined && more.length === 0) return only.name;
    if (entry.kind === 'model' && has('chat')) return 'chat';
  }
  const what = skill === '' ? 'several things can be meant' : `it has no skill \`${skill.slice(0, 128)}\``;
  throw new Fault(
    'bad_request',
    `${entry.kind} \`${entry.name}\`: ${what}; name one of these as \`metadata.skill\` of the message: ${listed(callable.map(({ name }) => name))}`,
  );
};

export const cardSkills = ({ card }: TargetEntry): readonly string[] => {
  const skills = card?.['skills'];
  if (!Array.isArray(skills)) return [];
  return skills.flatMap((skill) => (isObject(skill) && typeof skill['id'] === 'string' ? [skill['id']] : []));
};

const MOST_LISTED = 30;
const listed = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : names
        .slice(0, MOST_LISTED)
        .map((name) => `\`${name}\``)
        .join(', ') + (names.length > MOST_LISTED ? ' and more' : '');

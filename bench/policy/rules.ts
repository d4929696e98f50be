/** The rules and requests of the benchmark, as data that every engine can express: who, what, which circumstances. */

export interface Rule {
  readonly effect: 'permit' | 'forbid';
  /** Absent: any. */
  readonly tool?: string;
  readonly tier?: string;
  readonly operationEffect?: string;
  /** Only deeper call trees. */
  readonly deeperThan?: number;
  readonly shallowerThan?: number;
  readonly fromHour?: number;
}

export interface Request {
  readonly agent: string;
  readonly tier: string;
  readonly tool: string;
  readonly operationEffect: string;
  readonly depth: number;
  readonly hour: number;
}

export const TIERS = ['gold', 'silver', 'iron', 'none'] as const;
export const EFFECTS = ['read', 'write', 'spend', 'irreversible'] as const;
const AGENTS = 20;
/** Tools that rules name, as in a fleet where most rules are about one target. */
const TOOLS = 50;

export const agents = Array.from({ length: AGENTS }, (_, at) => ({ name: `agent-${at}`, tier: TIERS[at % 4]! }));
export const tools = Array.from({ length: TOOLS }, (_, at) => ({
  name: `tool-${at}`,
  effect: EFFECTS[(at * 7) % 4]!,
}));

/** Ten kinds in turn: seven about one tool, three about every call. */
export const rulesFor = (count: number): readonly Rule[] =>
  Array.from({ length: count }, (_, at) => KINDS[at % 10]!(at));

const toolAt = (at: number): string => `tool-${(at * 13) % TOOLS}`;

const KINDS: readonly ((at: number) => Rule)[] = [
  (at) => ({ effect: 'permit', operationEffect: 'read', shallowerThan: 3 + (at % 5) }),
  (at) => ({ effect: 'permit', tool: toolAt(at), tier: 'gold' }),
  (at) => ({ effect: 'permit', tool: toolAt(at), tier: 'silver', shallowerThan: 2 }),
  (at) => ({ effect: 'forbid', tool: toolAt(at), deeperThan: 3 + (at % 4) }),
  (at) => ({ effect: 'permit', tool: toolAt(at), fromHour: 6 + (at % 12) }),
  (at) => ({ effect: 'forbid', tier: 'none', operationEffect: 'irreversible', deeperThan: at % 3 }),
  (at) => ({ effect: 'permit', tool: toolAt(at), tier: 'iron', operationEffect: 'write' }),
  (at) => ({ effect: 'permit', tool: toolAt(at), operationEffect: 'spend', shallowerThan: 1 + (at % 2) }),
  (at) => ({ effect: 'permit', tier: 'gold', fromHour: 20 + (at % 4) }),
  (at) => ({ effect: 'forbid', tool: toolAt(at), tier: 'none' }),
];

/** `random` gives 0 to 1. */
export const requestsFor = (count: number, random: () => number): readonly Request[] => {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  return Array.from({ length: count }, () => {
    const [agent, tool] = [pick(agents), pick(tools)];
    return {
      agent: agent.name,
      tier: agent.tier,
      tool: tool.name,
      operationEffect: tool.effect,
      depth: Math.floor(random() * 8),
      hour: Math.floor(random() * 24),
    };
  });
};

/** The conditions of a rule, in order, for whoever writes them down in a language of his own. */
export const conditionsOf = ({
  effect: _,
  ...conditions
}: Rule): readonly (readonly [keyof Omit<Rule, 'effect'>, string | number])[] =>
  Object.entries(conditions) as [keyof Omit<Rule, 'effect'>, string | number][];

/** The rules in plain words: what every engine must answer. Denied unless permitted, and a forbid wins. */
export const allowed = (rules: readonly Rule[], request: Request): boolean => {
  const matching = rules.filter((rule) => matches(rule, request));
  return matching.some(({ effect }) => effect === 'permit') && !matching.some(({ effect }) => effect === 'forbid');
};

const matches = (rule: Rule, { tool, tier, operationEffect, depth, hour }: Request): boolean =>
  (rule.tool ?? tool) === tool &&
  (rule.tier ?? tier) === tier &&
  (rule.operationEffect ?? operationEffect) === operationEffect &&
  depth > (rule.deeperThan ?? -1) &&
  depth < (rule.shallowerThan ?? Number.POSITIVE_INFINITY) &&
  hour >= (rule.fromHour ?? 0);

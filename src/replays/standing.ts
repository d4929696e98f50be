/** Can a request be made again from here, and by which endpoint? Everything that calls would get past this node by is refused. */
import { type CallEvent, Fault, type ReplayWish } from '../contract/index.ts';
import { type Recording, targetOf } from './recording.ts';

/** An endpoint of the agent, as routing sees it now. */
export interface Reachable {
  readonly id: string;
  readonly version: string;
  /** `airspace`: another node stands before it. */
  readonly protocol: string;
}

export interface Standing {
  /** The node that replays. */
  readonly node: string;
  readonly endpoints: readonly Reachable[];
  readonly isPlan: boolean;
  /** Sidecars that stand beside the agent. */
  readonly sidecars: readonly string[];
  /** Calls that were recorded since the request began, of the agent among them: what it said nothing of is in another trace. */
  readonly since: readonly CallEvent[];
  /** Why this node cannot replay at all; empty: it can. */
  readonly never: string;
}

/** Throws `bad_request`, `conflict` and `not_found`. */
export const endpointFor = (recording: Recording, wish: Pick<ReplayWish, 'agent'>, standing: Standing): Reachable => {
  const { root } = recording;
  const { name } = root.target;
  if (standing.never !== '') throw new Fault('bad_request', standing.never);
  if (root.target.kind !== 'agent')
    throw new Fault(
      'bad_request',
      `the request was a call of \`${targetOf(root)}\`: only one of an agent can be made again`,
    );
  if (standing.isPlan)
    throw new Fault(
      'bad_request',
      `\`${name}\` is a plan: \`airspace plan check ${name}\` says what it would do, and no agent could be asked in its place`,
    );
  if (wish.agent !== undefined && wish.agent.name !== name)
    throw new Fault('bad_request', `the request was made to agent \`${name}\`, and not to \`${wish.agent.name}\``);
  throwIfElsewhere(recording, standing);
  for (const event of standing.since) throwIfUnplaced(event, root);
  const found = chosen(root, wish, standing.endpoints);
  if (found.protocol !== 'direct')
    throw new Fault(
      'bad_request',
      `another node stands before \`${found.id}\`, and a replay answers only what comes here; give the agent an endpoint that this hub calls itself`,
    );
  return found;
};

const throwIfElsewhere = ({ root, events }: Recording, { node, sidecars }: Standing): void => {
  const { name } = root.target;
  const [beside] = sidecars;
  if (beside !== undefined)
    throw new Fault(
      'bad_request',
      `agent \`${name}\` calls through sidecar \`${beside}\`, past this hub, where nobody answers in the place of its targets; a replay needs an agent that calls the hub`,
    );
  const past = events.find((event) => event.node !== node);
  if (past !== undefined)
    throw new Fault(
      'bad_request',
      `\`${targetOf(past)}\` went by way of ${past.role} \`${past.node}\` then, and a replay answers only what comes to \`${node}\``,
    );
};

/** How the place of a call was found when the agent said nothing about it. */
const GUESSED: ReadonlySet<unknown> = new Set(['running', 'ambient']);

/** Of an agent that does not say for which of its calls it calls, a replay could not be told from its other work. */
const throwIfUnplaced = (event: CallEvent, { target: { name } }: CallEvent): void => {
  const { principal, attributes } = event;
  if (principal?.kind !== 'agent' || principal.id !== name || !GUESSED.has(attributes['tree.found'])) return;
  throw new Fault(
    'bad_request',
    `agent \`${name}\` called \`${targetOf(event)}\` without \`traceparent\` or \`airspace-run\`, so that its calls of a replay could not be told from others; let it send back what it is handed, and replay a request that it took since`,
  );
};

const chosen = (root: CallEvent, { agent }: Pick<ReplayWish, 'agent'>, endpoints: readonly Reachable[]): Reachable => {
  const { name } = root.target;
  const answered = endpoints.find(({ id }) => id === root.attributes['endpoint']);
  if (agent === undefined) {
    if (answered !== undefined) return answered;
    throw new Fault(
      'not_found',
      `the endpoint of \`${name}\` that answered then is not there any more; name a version with --agent: ${versionsOf(name, endpoints)}`,
    );
  }
  const fitting = endpoints.filter(({ version }) => version === agent.version);
  const found = fitting.find((one) => one === answered) ?? fitting[0];
  if (found !== undefined) return found;
  throw new Fault(
    'not_found',
    `agent \`${name}\` has no endpoint of version \`${agent.version}\`; there are ${versionsOf(name, endpoints)}`,
  );
};

const versionsOf = (name: string, endpoints: readonly Reachable[]): string => {
  const versions = [...new Set(endpoints.map(({ version }) => version))].filter((version) => version !== '');
  return versions.length === 0
    ? 'none that say their version'
    : versions.map((version) => `${name}@${version}`).join(', ');
};

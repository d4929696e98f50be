/** What goes into a dossier: records of the audit, calls, and approvals, as the hub has them. */
import type {
  ApprovalCard,
  AuditHead,
  AuditRecord,
  CallEvent,
  NodeAuditHead,
  StepEvent,
} from '../../contract/index.ts';
import type { Admin, Query } from '../admin.ts';
import type { DossierOf } from './lines.ts';

const PAGE = 1_000;

/** Of the agent as caller and as target, since then, oldest first; what nodes said of one call apart. */
export async function* callsOf(admin: Admin, agent: string, sinceMs: number | undefined): AsyncGenerator<CallEvent> {
  const seen = new Set<string>();
  for (const filter of [{ principal: agent }, { target: agent }])
    for await (const event of pagesOf(admin, { ...filter, since: sinceMs })) {
      const isCaller = event.principal?.kind === 'agent' && event.principal.id === agent;
      const isTarget = event.target.kind === 'agent' && event.target.name === agent;
      const key = `${event.node} ${event.span}`;
      if ((!isCaller && !isTarget) || seen.has(key)) continue;
      seen.add(key);
      yield event;
    }
}

/** Newest first, however many there are. */
async function* pagesOf(admin: Admin, filter: Query): AsyncGenerator<CallEvent> {
  let edge = new Set<string>();
  for (let until: number | undefined; ; ) {
    const { events } = await admin.get<{ events: readonly CallEvent[] }>('/v1/calls', {
      ...filter,
      until,
      limit: PAGE,
    });
    const fresh = events.filter(({ node, span }) => !edge.has(`${node} ${span}`));
    yield* fresh;
    const last = events.at(-1);
    if (last === undefined || events.length < PAGE || fresh.length === 0) return;
    edge = new Set(
      events.filter((one) => one.startedAtMs === last.startedAtMs).map(({ node, span }) => `${node} ${span}`),
    );
    until = last.startedAtMs;
  }
}

/** What nodes said of one call as one line. */
export const callLine = (events: readonly CallEvent[]): DossierOf<'call'> => {
  const sorted = events.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const decided = sorted.flatMap((event) =>
    event.steps.filter(({ name }) => name === 'decide').map((step) => decisionOf(event, step)),
  );
  const cost = sorted.find(({ attributes }) => typeof attributes['cost.micros'] === 'number')?.attributes[
    'cost.micros'
  ];
  return {
    type: 'call',
    ...{ callId: first.callId, trace: first.trace, atMs: first.startedAtMs, session: first.session ?? '' },
    caller: first.principal === null ? 'nobody' : `${first.principal.kind}/${first.principal.id}`,
    target: `${first.target.kind}/${first.target.name}/${first.target.operation}`,
    ...{ status: last.status, code: last.code, reason: String(last.attributes['message'] ?? '') },
    durationMs: last.startedAtMs + last.durationMs - first.startedAtMs,
    decisions: decided,
    dataClasses: [
      ...new Set(sorted.flatMap((event) => event.steps.flatMap(({ attributes }) => textsOf(attributes['taint'])))),
    ],
    tokens: Math.max(...sorted.map(tokensOf)),
    costMicros: cost === undefined ? null : Number(cost),
  };
};

const decisionOf = ({ node }: CallEvent, { attributes }: StepEvent): DossierOf<'call'>['decisions'][number] => ({
  node,
  effect: String(attributes['effect'] ?? ''),
  code: String(attributes['code'] ?? ''),
  rules: textsOf(attributes['rules']),
  policy: String(attributes['policyVersion'] ?? ''),
});

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const tokensOf = ({ attributes }: CallEvent): number =>
  Number(attributes['usage.input_tokens'] ?? 0) + Number(attributes['usage.output_tokens'] ?? 0);

/** Without the bytes: the digest says which they were. */
export const approvalLine = (card: ApprovalCard): DossierOf<'approval'> => ({
  type: 'approval',
  ...{ id: card.id, state: card.state, caller: card.caller, behind: [...card.behind], target: card.target },
  ...{ effect: card.effect, rules: [...card.rules], reason: card.reason, policy: card.policyVersion },
  ...{ quorum: card.quorum, votes: card.votes.map((vote) => ({ ...vote })), editedBy: [...card.editedBy] },
  ...{ digest: card.digest, createdAtMs: card.createdAtMs, decidedAtMs: card.decidedAtMs },
});

export interface ChainHead extends AuditHead {
  /** Empty: the hub's own. */
  readonly node: string;
}

/** The hub's own chain, and those that nodes of the tenant handed over. */
export const chainsOf = async (admin: Admin): Promise<readonly ChainHead[]> => {
  const [own, { items }] = await Promise.all([
    admin.get<AuditHead>('/v1/audit/head'),
    admin.get<{ items: readonly NodeAuditHead[] }>('/v1/audit/nodes'),
  ]);
  return [{ ...own, node: '' }, ...items];
};

export async function* recordsOf(admin: Admin, { node, tenant, seq: head }: ChainHead): AsyncGenerator<AuditRecord> {
  const chain: Query = node === '' ? {} : { node, chain: tenant };
  for (let from = 1; from <= head; ) {
    const { items } = await admin.get<{ items: readonly AuditRecord[] }>('/v1/audit/records', {
      ...chain,
      from,
      limit: PAGE,
    });
    for (const record of items) if (record.seq <= head) yield record;
    const last = items.at(-1);
    if (last === undefined || last.seq < from) return;
    from = last.seq + 1;
  }
}

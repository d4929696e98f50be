/** The admin door on loopback over ports in memory: two tenants, one key of every kind, and a record of what was asked. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AgentSpan,
  type ApplyRequest,
  type ApplyResult,
  type ApprovalView,
  type Belonging,
  type BundleEntry,
  type CallEvent,
  type Credential,
  Fault,
  type Incident,
  type InstanceEntry,
  LOG_LEVELS,
  type LogRecord,
  type NodeEntry,
  type Principal,
  type ReleaseCheck,
  type ReleaseOutcome,
  type ReleasePort,
  type ReleaseView,
  type RequestReplay,
  type RunView,
  type TargetEntry,
  type UsageView,
} from '../../../contract/index.ts';
import { Canceller, type World } from '../../../kernel/index.ts';
import { adminDoor } from '../door.ts';
import { EventFeed } from '../feed.ts';
import type { AdminPorts, BreakerAnswer, BudgetView, KillAnswer } from '../ports.ts';

const NO_USE: UsageView = {
  ...{ fromMs: 0, toMs: 1, step: 'minute', stepMs: 60_000, by: [], sort: 'calls' },
  total: {
    ...{ calls: 0, errors: 0, errorRatio: null, denied: 0, held: 0, attempts: 0, costMicros: 0 },
    ...{ inputTokens: 0, outputTokens: 0, tookMs: 0, waitedMs: 0, meanMs: null, p50Ms: null, p90Ms: null, p99Ms: null },
    errorsBy: { target: 0, timeout: 0, unreachable: 0, overloaded: 0, own: 0 },
  },
  ...{ items: [], isCut: false, without: [] },
};

const user = (tenant: string, id: string, ...roles: string[]): Principal => ({ kind: 'user', tenant, id, roles });
const agent = (tenant: string, id: string): Principal => ({ kind: 'agent', tenant, id, roles: [] });

export const KEYS: Readonly<Record<string, Principal>> = {
  admin: user('default', 'ada', 'admin'),
  operator: user('default', 'olaf', 'operator'),
  viewer: user('default', 'vera', 'viewer'),
  developer: user('default', 'dora', 'developer'),
  policyAdmin: user('default', 'petra', 'policy-admin'),
  approver: user('default', 'anna', 'approver'),
  budgetAdmin: user('default', 'bert', 'budget-admin'),
  auditor: user('default', 'udo', 'auditor'),
  tenantAdmin: user('default', 'tom', 'tenant-admin'),
  // Keys of an admin that are narrowed: they open what their scopes say and no more.
  readOnly: { ...user('default', 'ada', 'admin'), scopes: ['read'] },
  operateOnly: { ...user('default', 'ada', 'admin'), scopes: ['operate'] },
  callOnly: { ...user('default', 'ada', 'admin'), scopes: ['call'] },
  // A scope cannot give what its owner does not have.
  wishful: { ...user('default', 'vera', 'viewer'), scopes: ['admin'] },
  narrowAgent: { ...agent('default', 'orders'), scopes: ['read'] },
  nobody: user('default', 'nils'),
  steward: { ...user('default', 'sara'), administers: ['operations'] },
  /** Of a domain that has nothing. */
  outsider: { ...user('default', 'otto'), administers: ['elsewhere'] },
  /** May look at everything and change a part. */
  watching: { ...user('default', 'wim', 'viewer'), administers: ['operations'] },
  agent: agent('default', 'orders'),
  // Roles are for people; an agent that has one in its record still has none.
  promoted: { ...agent('default', 'orders'), roles: ['admin'], administers: ['operations'] },
  foreign: user('acme', 'ada', 'admin'),
  foreignAgent: agent('acme', 'orders'),
};

/** Assertions that hold, as the scheme of nodes carries them. */
export const NODES: Readonly<Record<string, NodeEntry>> = Object.fromEntries(
  ['n1', 'n2'].map((id) => [
    `assertion.${id}`,
    { id, role: 'sidecar', tenant: 'default', domain: '', agent: 'orders', publicKey: '', url: 'http://127.0.0.1:9' },
  ]),
);

/** Time stands still; timers run when a test says so. */
export class StillWorld implements World {
  readonly timers = new Set<() => void>();
  readonly clock = {
    nowMs: () => 0,
    wallMs: () => 1_000_000,
    after: (_delayMs: number, run: () => void) => {
      this.timers.add(run);
      return { cancel: () => void this.timers.delete(run) };
    },
  };
  readonly ids = { traceId: () => '1'.repeat(32), spanId: () => '2'.repeat(16), callId: () => '3'.repeat(32) };
  readonly random = (): number => 0;

  /** Runs what waits. */
  fire(): void {
    const due = [...this.timers];
    this.timers.clear();
    for (const run of due) run();
  }
}

export const TRACE = 'a'.repeat(32);

export const callEvent = (given: Partial<CallEvent> = {}): CallEvent => ({
  callId: 'b'.repeat(32),
  trace: TRACE,
  span: 'c'.repeat(16),
  tenant: 'default',
  principal: { kind: 'agent', id: 'concierge' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  lineage: { root: 'b'.repeat(32), depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1_000,
  durationMs: 5,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 1,
  replyBytes: 2,
  snapshotSeq: 1,
  attributes: {},
  steps: [],
  ...given,
});

export const agentSpan = (id: string): AgentSpan => ({
  ...{
    trace: TRACE,
    span: id === 'orders' ? 'e'.repeat(16) : 'f'.repeat(16),
    parentSpan: 'c'.repeat(16),
    tenant: 'default',
  },
  ...{ name: 'think', kind: 'internal', status: 'ok', message: '', service: id, attributes: {}, left: 0 },
  ...{ startedAtMs: 1_001, durationMs: 2, receivedAtMs: 1_010, principal: { kind: 'agent', id } },
});

const targetEntry = (tenant: string, name: string): TargetEntry => ({
  tenant,
  kind: 'agent',
  name,
  domain: 'operations',
  labels: { tier: 'gold' },
  endpoints: [{ url: 'http://127.0.0.1:9', version: '1', weight: 100, labels: {} }],
  operations: [{ name: 'where', effect: 'read', idempotent: true }],
  health: null,
  concurrency: 1,
  timeoutMs: null,
});

const instance = (tenant: string, id: string, name: string): InstanceEntry => ({
  id,
  tenant,
  kind: 'agent',
  name,
  url: 'http://127.0.0.1:9000',
  protocol: 'direct',
  node: '',
  version: '1',
  labels: {},
  state: 'ready',
});

const budgetAccount = {
  ...{ holder: '', limit: 20_000_000, extra: 0, spent: 9_200_000, reserved: 300_000, left: 10_500_000 },
  ...{ perHour: 1_000_000, runsOutAtMs: null },
};

export const budgetViews: readonly BudgetView[] = [
  {
    ...{ name: 'daily', scope: 'organisation', path: [], per: null, class: null, unit: 'micros', limit: 20_000_000 },
    ...{ soft: null, hard: 'refuse', window: { every: 'day', timezone: 'UTC', startMs: 0, endMs: 86_400_000 } },
    accountCount: 1,
    accounts: [budgetAccount],
  },
  {
    ...{ name: 'sessions', scope: 'domain shop', path: ['domain sales', 'domain shop'], per: 'session', class: null },
    ...{ unit: 'calls', limit: 10, soft: null, hard: 'pause' },
    window: { every: 'none', timezone: 'UTC', startMs: 0, endMs: null },
    accountCount: 2,
    accounts: [
      {
        ...budgetAccount,
        holder: 'session/s1',
        limit: 10,
        spent: 10,
        reserved: 0,
        left: 0,
        perHour: 60,
        runsOutAtMs: 0,
      },
      {
        ...budgetAccount,
        holder: 'session/s2',
        limit: 10,
        spent: 1,
        reserved: 1,
        left: 8,
        perHour: 2,
        runsOutAtMs: 14_400_000,
      },
    ],
  },
];

export const breakerAnswer: BreakerAnswer = {
  order: {
    id: 'breaker-00c0ffee',
    ...{ tenant: 'default', node: 'hub-1', endpoint: 'orders@a', mode: 'open', reason: 'it lies', by: 'user/olaf' },
    ...{ atMs: 1_700_000_000_000, untilMs: 1_700_000_600_000 },
  },
  seq: 3,
  warnings: [],
};

export const killAnswer: KillAnswer = {
  order: {
    id: 'kill-00c0ffee',
    tenant: 'default',
    kind: 'agent',
    name: 'orders',
    reason: 'it loops',
    by: 'user/olaf',
    atMs: 1_000,
    untilMs: null,
  },
  seq: 2,
  atMs: 1_000,
  cut: 1,
  warnings: [],
};

const log = (given: Partial<LogRecord>): LogRecord => ({
  ...{ time: '1970-01-01T00:00:01.000Z', level: 'info', node: 'hub-1', message: 'node started', tenant: 'default' },
  ...{ domain: '', agent: '', trace_id: '', span_id: '', call_id: '', ...given },
});

const failed = { level: 'warn', message: 'call failed', caller: 'concierge', caller_kind: 'agent' } as const;

/** Of the node, of two calls, of a node in a domain, and of another tenant. */
export const LOGS: readonly LogRecord[] = [
  log({}),
  log({ ...failed, call_id: 'b'.repeat(32), target: 'agent/orders/where', agent: 'concierge' }),
  log({ ...failed, call_id: 'c'.repeat(32), target: 'agent/kb/find', agent: 'concierge' }),
  log({ message: 'hub link', node: 'n1', domain: 'operations', agent: 'orders' }),
  log({ ...failed, call_id: 'd'.repeat(32), target: 'agent/secret/x', tenant: 'acme' }),
];

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly world: StillWorld;
  readonly feed: EventFeed;
  readonly asked: unknown[];
  readonly shutDown: Canceller;
  readonly revoked: Set<string>;
  readonly internal: unknown[];
  get(path: string, key?: string, init?: RequestInit): Promise<Response>;
  post(path: string, key: string | undefined, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export const served = async (given: Partial<AdminPorts> = {}): Promise<Served> => {
  const world = new StillWorld();
  const feed = new EventFeed();
  const shutDown = new Canceller();
  const asked: unknown[] = [];
  const internal: unknown[] = [];
  const revoked = new Set<string>();
  const ports: AdminPorts = { ...portsOf({ world, feed, shutDown, asked, internal, revoked }), ...given };
  const door = adminDoor(ports);
  const server = http.createServer((req, res) => {
    if (!door(req, res)) res.writeHead(404, { 'x-other-door': 'yes' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const auth = (key?: string): Record<string, string> =>
    key === undefined ? {} : { authorization: key in NODES ? `Airspace-Node ${key}` : `Bearer ${key}` };
  return {
    url,
    world,
    feed,
    asked,
    shutDown,
    revoked,
    internal,
    get: (path, key, init = {}) => fetch(`${url}${path}`, { ...init, headers: { ...auth(key), ...init.headers } }),
    post: (path, key, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...auth(key), ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export const REPLAYED: RequestReplay = {
  ...{ request: 'b'.repeat(32), trace: TRACE, replay: { call: '4'.repeat(32), trace: '5'.repeat(32) } },
  ...{ agent: 'orders', version: '1', endpoint: 'orders@127.0.0.1:9000', caller: 'agent/concierge' },
  answer: { status: 'ok', code: '', httpStatus: 200, bytes: 2, than: 'same', note: '' },
  ...{ calls: [], unmade: [], rows: [], notes: [], differs: false },
};

const INCIDENT: Incident = {
  ...{ id: TRACE, tenant: 'default', alert: 'errors', node: 'hub-1', severity: 'page', signal: 'errors', text: '' },
  ...{ openedAtMs: 1, endedAtMs: null, ended: '', webhook: '', told: 'nothing' },
};

const RUN_SEEN: RunView = {
  id: 'ab'.repeat(16),
  plan: 'p',
  domain: '',
  digest: '',
  state: 'running',
  principal: 'agent/alice',
  session: '',
  trace: '',
  startedAtMs: 0,
  deadlineAtMs: 1,
  endedAtMs: null,
  costMicros: 0,
  seq: 1,
};

export const APPROVAL: ApprovalView = {
  id: 'e'.repeat(32),
  state: 'pending',
  caller: 'agent/concierge',
  behind: ['user/vera'],
  session: '',
  target: 'agent/orders/refund',
  effect: 'write',
  rules: ['org/large-refunds'],
  reason: 'large refunds need a person',
  policyVersion: 'sha256:0123456789abcdef',
  quorum: 2,
  roles: ['finance'],
  approvals: 0,
  votes: [],
  editedBy: [],
  contentType: 'application/json',
  body: '{"cents":90000}',
  isText: true,
  digest: 'f'.repeat(64),
  createdAtMs: 1_000,
  expiresAtMs: 2_000_000,
  decidedAtMs: null,
  obstacle: null,
};

const RELEASE: ReleaseView = {
  id: 'sha256:0123456789abcdef',
  tenant: 'default',
  state: 'staged',
  percent: 0,
  approvedBy: null,
  proof: null,
  denyBand: 10,
  log: [],
  author: 'user/ada',
  reason: 'because',
  createdAtMs: 1,
  base: 'sha256:fedcba9876543210',
  widening: true,
  stale: false,
  needsApproval: false,
};

const BUNDLES: readonly BundleEntry[] = ['org', 'operations'].map((name) => ({
  ...{ name, level: name, owner: '', stewards: [], version: 1, revision: 1, atMs: 1, by: 'user/ada', reason: '' },
}));

const CHECKED: ReleaseCheck = {
  ...{ id: RELEASE.id, base: RELEASE.base, wider: [], needsApproval: false, problems: [], warnings: [], cases: [] },
  ...{ proof: { cases: 0, covered: 0, rules: 0 }, diff: [] },
};

/** `orders` lies in `operations`, and everything else in no domain. */
const belongingOf = (domains: readonly string[] | undefined): Belonging => {
  const domain = (name: string): boolean => domains === undefined || domains.includes(name);
  const target = (_: string, name: string): boolean => domain(name === 'orders' ? 'operations' : '');
  return {
    domain,
    target,
    resource: ({ metadata }) => domain(metadata.domain ?? ''),
    call: (event) => target(event.target.kind, event.target.name),
  };
};

const releasesOf = (note: <T>(what: unknown, answer: T) => Promise<T>): ReleasePort => {
  const outcome: ReleaseOutcome = { release: RELEASE, snapshotSeq: 8, warnings: [] };
  return {
    stage: (request) => note({ stage: request }, outcome),
    check: (request) => note({ check: request }, CHECKED),
    list: (tenant, limit) => note({ releases: { tenant, limit } }, [RELEASE]),
    overview: (tenant) => note({ overview: { tenant } }, { active: RELEASE.base, twoPerson: false, items: BUNDLES }),
    versions: (tenant, bundle, limit) =>
      note(
        { versions: { tenant, bundle, limit } },
        BUNDLES.flatMap((one) =>
          one.name === bundle ? [{ ...one, policies: '', limits: null, rollbackOf: null, release: null }] : [],
        ),
      ),
    texts: (tenant, id) =>
      note(
        { texts: { tenant, id } },
        BUNDLES.map(({ name, level }) => ({ name, level, policies: '', limits: null })),
      ),
    get: (tenant, id) => note({ release: { tenant, id } }, { ...RELEASE, diff: [], arms: null }),
    shadow: (tenant, id, by, reason, rights) => note({ shadow: { tenant, id, by, reason, rights } }, outcome),
    activate: (tenant, id, wish) => note({ activate: { tenant, id, wish } }, outcome),
    approve: (tenant, id, by, reason) => note({ approve: { tenant, id, by, reason } }, outcome),
    rollback: (tenant, by, reason, rights) =>
      note({ policyRollback: { tenant, by, reason, rights } }, { undone: 'it', revision: 3, snapshotSeq: 9 }),
    replay: (request) =>
      note(
        { replay: request },
        {
          release: RELEASE.id,
          base: RELEASE.base,
          stale: false,
          decisions: 0,
          same: 0,
          otherRules: 0,
          unknown: 0,
          unknownFor: {},
          flips: 0,
          groups: [],
          tookMs: 1,
        },
      ),
  };
};

interface Parts {
  readonly world: StillWorld;
  readonly feed: EventFeed;
  readonly shutDown: Canceller;
  readonly asked: unknown[];
  readonly internal: unknown[];
  readonly revoked: Set<string>;
}

const portsOf = ({ world, feed, shutDown, asked, internal, revoked }: Parts): AdminPorts => {
  const note = <T>(what: unknown, answer: T): Promise<T> => {
    asked.push(what);
    return Promise.resolve(answer);
  };
  const applied: ApplyResult = { revision: 2, snapshotSeq: 7, diffs: [], warnings: [] };
  const events = [callEvent()];
  const agentSpans = [agentSpan('orders'), agentSpan('secret')];
  const running = [instance('default', 'default/orders/9000', 'orders'), instance('default', 'default/kb/1', 'kb')];
  return {
    world,
    signal: shutDown,
    resolver: {
      resolve: (credential: Credential) => {
        const token = credential.kind === 'bearer' ? credential.token : '';
        const principal = revoked.has(token) ? undefined : KEYS[token];
        if (principal === undefined) throw new Fault('unauthenticated', 'no valid credential came with this request');
        return principal;
      },
    },
    belonging: (rights) => belongingOf(rights.kind === 'tenant' ? undefined : rights.domains),
    tools: {
      list: async () => [],
      get: async (tenant, name) =>
        note({ tool: name, tenant }, { name, domain: '', seenAtMs: 0, problem: '', operations: [] }),
      accept: async ({ rights: _, ...acceptance }) => note({ acceptance }, applied),
    },
    discover: (by, request) =>
      note({ discover: { by: by.id, request } }, { tried: [], found: null, wants: [], proposal: null }),
    secrets: {
      set: ({ value: _, ...secret }) => note({ secret }, { ...secret, version: 1 }),
      list: (tenant) => note({ secrets: tenant }, []),
      remove: (tenant, name) => note({ secretGone: { tenant, name } }, undefined),
      rekey: (tenant) => note({ rekey: tenant }, 0),
    },
    control: {
      apply: (request: ApplyRequest) => note({ apply: request }, applied),
      diff: (request) => note({ diff: request }, []),
      list: (filter) => note({ list: filter }, []),
      remove: (ids, by, reason, dryRun, rights) => note({ remove: { ids, by, reason, dryRun, rights } }, applied),
      changes: (revision) => note({ changes: revision }, []),
      history: (limit, key) =>
        note({ history: { limit, key } }, [
          {
            revision: 2,
            atMs: 1,
            by: 'user/ada',
            reason: '',
            rollbackOf: null,
            put: ['acme/Agent/x', 'default/Agent/orders'],
            deleted: [],
          },
        ]),
      rollback: (to, by, reason, dryRun, rights) => note({ rollback: { to, by, reason, dryRun, rights } }, applied),
    },
    releases: releasesOf(note),
    plans: {
      list: (who, filter) => note({ runs: who.id, ...filter }, [RUN_SEEN]),
      get: (who, id) => note({ run: who.id, id }, { ...RUN_SEEN, message: '', steps: [], input: '{}', output: null }),
      events: (who, id, after, limit) => note({ events: who.id, id, after, limit }, []),
      follow: async function* (who, id, after) {
        await note({ follow: who.id, id, after }, undefined);
        yield { kind: 'finished', state: 'done', output: null, message: '', seq: after + 1, atMs: 0 };
      },
      wish: (who, id, wish) =>
        note({ wishes: who.id, id, ...wish }, { ...RUN_SEEN, message: '', steps: [], input: '{}', output: null }),
      check: (who, asked) =>
        note(
          { check: who.id, ...asked },
          {
            plan: 'p',
            digest: '',
            problems: [],
            warnings: [],
            remarks: [],
            steps: [],
            budgets: [],
            estimateMicros: 0,
            mostMicros: 0,
            depth: 0,
          },
        ),
    },
    approvals: {
      list: (viewer, state, limit) => note({ approvals: viewer.id, state, limit }, [APPROVAL]),
      get: (viewer, id) => note({ approval: viewer.id, id }, APPROVAL),
      vote: (viewer, id, ballot) => note({ vote: viewer.id, id, ...ballot }, APPROVAL),
      edit: (viewer, id, change) => note({ edit: viewer.id, id, ...change }, APPROVAL),
    },
    unknown: {
      list: (tenant, limit) => note({ unknown: { tenant, limit } }, []),
      say: (tenant, id, said, by) => note({ say: { tenant, id, said, by } }, undefined),
    },
    audit: {
      search: (filter) => note({ audit: filter }, []),
      read: (tenant, fromSeq, limit) => note({ auditRead: { tenant, fromSeq, limit } }, []),
      head: (tenant) => note({ auditHead: tenant }, { tenant, seq: 0, hash: '0'.repeat(64), publicKey: '' }),
      verification: () => ({ running: null, last: null }),
      verify: (tenant, by, chain) => note({ verify: { tenant, by, chain } }, { running: null, last: null }),
      nodes: {
        read: (owner, chain, fromSeq, limit) => note({ nodeAudit: { owner, ...chain, fromSeq, limit } }, []),
        heads: (owner) => note({ nodeAuditHeads: owner }, []),
      },
    },
    status: () => ({
      node: 'hub-1',
      role: 'hub',
      version: '0.1.0',
      startedAtMs: 0,
      ready: true,
      snapshotSeq: 7,
      rosterSeq: 3,
      store: 'memory',
      weakened: [],
      fallback: [],
      agentSpans: { kept: 0, left: {} },
      telemetry: {
        ...{ events: 0, agentSpans: 0, bytes: 0, fileBytes: null, freeBytes: null, oldestMs: null },
        ...{ keepBytes: 1, sample: 1, removed: { age: 0, size: 0, sample: 0 } },
      },
    }),
    metrics: {
      text: (accept) =>
        Promise.resolve({ contentType: accept === '' ? 'text/plain' : accept, text: 'airspace_calls_total 1\n' }),
      targets: () => [{ kind: 'agent', target: 'orders', calls: 3, failed: 1, denied: 0, p50Ms: 1, p99Ms: 9 }],
    },
    fleet: () => [],
    breakers: {
      list: () => [],
      force: (by, request) => note({ force: by.id, request }, breakerAnswer),
    },
    alerts: {
      list: () => [],
      incidents: (filter) => note({ incidents: filter }, []),
      incident: (tenant, id) => note({ incident: { tenant, id } }, INCIDENT),
      acknowledge: (tenant, id, said) => note({ acknowledge: { tenant, id, ...said } }, INCIDENT),
      close: (tenant, id, said) => note({ close: { tenant, id, ...said } }, INCIDENT),
    },
    sums: (tenant, minutes) => note({ sums: { tenant, minutes } }, { fromMs: 0, toMs: 1, items: [] }),
    usage: (tenant, asked) => note({ usage: { tenant, asked } }, NO_USE),
    capabilities: () => [],
    targets: () => [targetEntry('default', 'orders'), targetEntry('acme', 'secret')],
    traces: {
      trace: (tenant, id) => Promise.resolve(events.filter((one) => one.tenant === tenant && one.trace.startsWith(id))),
      recent: (filter) => note({ recent: filter }, events),
    },
    otlp: (own, said) => ({ events: own.length, said: said.map(({ span }) => span) }),
    agentSpans: (_, trace) => Promise.resolve(agentSpans.filter((one) => one.trace === trace)),
    replays: {
      check: ({ by, ...wish }) =>
        note(
          { replayCheck: { ...wish, by: by.id } },
          {
            ...{ request: 'b'.repeat(32), trace: TRACE, agent: 'orders', version: '1' },
            ...{ problem: null, missing: [] },
          },
        ),
      run: ({ by, ...wish }) => note({ replay: { ...wish, by: by.id } }, REPLAYED),
      trace: () => [],
    },
    logs: {
      find: async ({ tenant, level, limit, call = '' }, matches) => ({
        records: LOGS.filter(
          (record) =>
            record.tenant === tenant &&
            LOG_LEVELS.indexOf(record.level) >= LOG_LEVELS.indexOf(level) &&
            record.call_id.startsWith(call) &&
            matches(record),
        ).slice(-limit),
        isCut: false,
      }),
      subscribe: (take) => {
        asked.push('follow logs');
        for (const record of LOGS) take(record);
        return () => {};
      },
    },
    feed,
    access: {
      mint: (id) => ({ secret: `air_${id}_secret`, secretHash: `sha256:${'0'.repeat(64)}` }),
      lastUsedMs: () => null,
      useBootstrapToken: async (token) => {
        asked.push({ bootstrap: token });
        if (token !== 'airb_good') throw new Fault('unauthenticated', 'no valid credential came with this request');
      },
    },
    policy: {
      mayCall: ({ id }, { operation }) => id !== 'vera' && operation === 'where',
      diagnose: (tenant, files) => note({ diagnose: { tenant, files } }, { diagnostics: [] }),
      can: (question) => {
        asked.push({ can: question });
        return {
          answer: 'maybe',
          policyVersion: 'sha256:0011223344556677',
          refusal: '',
          permitting: [{ level: 'org', id: 'open', reason: 'agents work together' }],
          denying: [{ level: 'org', id: 'deep', reason: 'no runaways' }],
          missing: ['operations'],
          approval: false,
          depends: [{ on: 'context.depth', clauses: ['context.depth > 3'], rules: ['org/deep'] }],
        };
      },
      explain: ({ callId, span, node }) => ({
        callId,
        span,
        node,
        sentence: 'denied because no permit of `org` matches: the nearest, `clerks`, needs principal is User',
        nearMisses: [
          { level: 'org', id: 'clerks', reason: '', distance: 10, scope: ['principal is User'], failed: [] },
        ],
        blocking: [],
        policyVersion: 'sha256:0011223344556677',
        decidedBy: 'sha256:0011223344556677',
        caveats: [],
      }),
    },
    drain: async (tenant, id, timeoutMs) => {
      if (!running.some((one) => one.tenant === tenant && one.id === id))
        throw new Fault('not_found', `there is no instance \`${id}\``);
      return note({ drain: { tenant, id, timeoutMs } }, { inFlight: 0 });
    },
    kills: {
      order: (by, request) => note({ kill: by.id, request }, killAnswer),
      lift: (by, id) => note({ lift: by.id, id }, killAnswer),
      list: (tenant) => {
        asked.push({ kills: tenant });
        return { seq: 2, items: [killAnswer.order], nodes: [] };
      },
    },
    topology: {
      show: (tenant, windowMs) => note({ topology: tenant, windowMs }, { pairs: [] }),
      advise: (tenant, asking) => note({ advice: tenant, asking }, { items: [] }),
      arms: (tenant, route, asking) => note({ arms: tenant, route, asking }, { hub: null, mesh: null }),
    },
    budgets: {
      list: (tenant) => note({ budgets: tenant }, budgetViews),
      payers: (tenant, budget, by) =>
        note(
          { payers: budget, tenant, by },
          { unit: 'micros', by, items: [{ who: 'agent/a', spent: 7, reserved: 1, calls: 2 }] },
        ),
      topUp: (request) => note({ topUp: request }, budgetViews[0]!.accounts[0]!),
      lease: (node, request) => note({ lease: node.id, request }, { answer: null }),
      leases: () => new Map([['n1', 2]]),
    },
    nodes: {
      issueJoinToken: (grant) => note({ grant }, { token: 'airj_x', expiresAtMs: 5_000_000 }),
      join: (request) =>
        note({ join: request }, { node: NODES['assertion.n1']!, hub: 'hub-1', controlKey: '', heartbeatMs: 1 }),
      authenticate: (assertion) => {
        const node = NODES[assertion];
        if (node === undefined) throw new Fault('unauthenticated', 'no valid credential came with this request');
        return node;
      },
      heartbeat: (node, beat) =>
        note({ heartbeat: node.id, beat }, { snapshotSeq: 7, rosterSeq: 3, killsSeq: 2, heartbeatMs: 1, ignored: [] }),
      documents: async function* (node, held, signal) {
        asked.push({ documents: node.id, held });
        yield { kind: 'snapshot', payload: '{}', keyId: 'k', signature: 's' };
        await new Promise<void>((resolve) => signal.onCancel(() => resolve()));
        asked.push({ closed: node.id });
      },
      events: (node, batch) => note({ events: node.id, batch }, { stored: true }),
      said: (node, batch) => note({ said: node.id, batch }, { kept: 0 }),
      checkpoint: (node, signed) => note({ checkpoint: node.id, signed }, undefined),
      exports: (node, report) => note({ exports: node.id, report }, { taken: [] }),
      logs: (node, batch) => note({ logs: node.id, batch }, { taken: 1 }),
      sums: (node, report) => note({ sums: node.id, report }, { taken: true }),
      certificate: (node) => note({ certificate: node.id }, { chain: [], authority: null }),
      audit: (node, records) =>
        note({ audit: node.id, records }, { tenant: 'default', seq: 0, hash: '0'.repeat(64), problem: null }),
      leave: (node) => note({ left: node.id }, undefined),
      remove: (tenant, id) => note({ remove: { tenant, id } }, undefined),
      list: (tenant) =>
        Object.values(NODES)
          .filter((node) => node.tenant === tenant)
          .map((node) => ({
            node,
            state: 'alive',
            heardAtMs: 1,
            snapshotSeq: 7,
            rosterSeq: 3,
            killsSeq: 2,
            killsAtMs: 1,
            refused: null,
            capabilities: [],
            lostEvents: 0,
            certificate: null,
            exports: { taken: 0, refused: 'the name is taken' },
            sumsRefused: null,
          })),
      breakers: () => [],
      announce: (principal, report) => note({ announce: principal.id, report }, { heartbeatMs: 1 }),
      withdraw: (principal, id) => note({ withdraw: principal.id, id }, undefined),
      find: ({ tenant, kind, name }) =>
        running.filter(
          (one) =>
            one.tenant === tenant &&
            (kind === undefined || one.kind === kind) &&
            (name === undefined || one.name === name),
        ),
    },
    onInternal: (thrown) => internal.push(thrown),
  };
};

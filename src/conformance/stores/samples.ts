/** Small, complete things to store, and the strings that break careless stores. */
import type {
  ApprovalRecord,
  AuditEntry,
  Begin,
  CallEvent,
  CallRecord,
  End,
  Incident,
  KillOrder,
  NodeEntry,
  ReleaseRecord,
  Resource,
  SealedSecret,
  StoredReply,
} from '../../contract/index.ts';

/** Each must come back unchanged, wherever it is put. */
export const HOSTILE = [
  `quotes ' " \` and a -- comment; drop table call; /*`,
  'nul \u0000 in the middle, and at the end \u0000',
  'emoji 🛩️ and beyond 𝔘𝔫𝔦𝔠𝔬𝔡𝔢, right to left \u202e, combining e\u0301',
  'line\r\nbreaks\u2028\u2029 and \\ backslashes \\u0000',
  '%_* wildcards ? $1 :name @p #{x}',
  '__proto__',
  `long ${'x'.repeat(100_000)}`,
] as const;

export const user = (name: string, displayName = name, tenant = 'default'): Resource => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'User',
  metadata: { name, tenant, labels: {} },
  spec: { displayName, roles: [] },
});

/** 32 hex digits from a small number. */
export const hexId = (number: number): string => number.toString(16).padStart(32, '0');

export const record = (id: number, change: Partial<CallRecord> = {}): CallRecord => ({
  id: hexId(id),
  tenant: 'default',
  principal: { kind: 'agent', tenant: 'default', id: 'caller', domain: 'sales', roles: ['reader'] },
  target: { kind: 'tool', name: 'ledger', operation: 'book' },
  trace: hexId(id + 1_000_000),
  session: '',
  idempotencyKey: '',
  digest: 'd'.repeat(64),
  state: 'accepted',
  idempotent: false,
  detached: false,
  request: null,
  policyVersion: 'sha256:0123456789abcdef',
  acceptedAtMs: 1_700_000_000_000 + id,
  concludedAtMs: null,
  reply: null,
  ...change,
});

export const reply = (change: Partial<StoredReply> = {}): StoredReply => ({
  outcome: 'ok',
  status: 200,
  contentType: 'application/json',
  body: new TextEncoder().encode('{"booked":true}'),
  code: '',
  message: '',
  endpoint: 'ledger@127.0.0.1:9000',
  attempts: 1,
  ...change,
});

/** Every byte there is, so that nothing can pass it through a text. */
export const allBytes = (): Uint8Array => Uint8Array.from({ length: 256 }, (_, at) => at);

export const event = (id: number, change: Partial<CallEvent> = {}): CallEvent => ({
  callId: hexId(id),
  trace: hexId(id + 1_000_000),
  span: hexId(id).slice(-16),
  tenant: 'default',
  principal: { kind: 'agent', id: 'caller' },
  target: { kind: 'tool', name: 'ledger', operation: 'book' },
  lineage: { root: hexId(id), depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1_700_000_000_000.25 + id,
  durationMs: 1.5,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 10,
  replyBytes: 20,
  snapshotSeq: 1,
  attributes: {},
  steps: [],
  ...change,
});

export const node = (id: string, url = 'http://127.0.0.1:7000'): NodeEntry => ({
  id,
  role: 'sidecar',
  tenant: 'default',
  domain: 'sales',
  agent: 'quoter',
  publicKey: 'MCowBQYDK2VwAyEA',
  url,
});

export const killOrder = (id: string, change: Partial<KillOrder> = {}): KillOrder => ({
  id,
  tenant: 'default',
  kind: 'agent',
  name: 'quoter',
  reason: 'it sends mail to everybody',
  by: 'user/ada',
  atMs: 1_700_000_000_000.25,
  untilMs: null,
  ...change,
});

export const release = (id: string, change: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  id,
  tenant: 'default',
  sealed: { payload: `{"id":${JSON.stringify(id)}}`, keyId: '0123456789abcdef', signature: 'c2lnbmVk' },
  state: 'staged',
  percent: 0,
  approvedBy: null,
  denyBand: 10,
  log: [{ atMs: 1_700_000_000_000, by: 'user/ann', state: 'staged', percent: 0, reason: 'because' }],
  version: 1,
  ...change,
});

export const approval = (id: number, change: Partial<ApprovalRecord> = {}): ApprovalRecord => ({
  id: hexId(id),
  tenant: 'default',
  state: 'pending',
  principal: { kind: 'agent', tenant: 'default', id: 'caller', roles: [] },
  behind: ['user/ada'],
  target: { kind: 'tool', name: 'ledger', operation: 'book' },
  digest: 'd'.repeat(64),
  spec: { quorum: 1, roles: ['finance'], ttlMs: 3_600_000 },
  rules: ['org/large-refunds'],
  reason: 'large refunds need a person',
  policyVersion: 'sha256:0123456789abcdef',
  contentType: 'application/json',
  plan: {
    definition: 'a'.repeat(64),
    answer: 'b'.repeat(64),
    steps: [{ step: 'pay', says: 'calls tool/ledger/book' }],
  },
  body: new TextEncoder().encode('{}'),
  votes: [],
  createdAtMs: 1,
  expiresAtMs: 1_000,
  decidedAtMs: null,
  version: 1,
  ...change,
});

export const incident = (id: string, change: Partial<Incident> = {}): Incident => ({
  ...{ id, tenant: 'default', alert: 'orders-errors', node: 'hub-1', severity: 'page', signal: 'errors' },
  ...{ text: '12 % of calls fail', openedAtMs: 5, endedAtMs: null, ended: '' },
  ...{ webhook: 'https://pager.example/in', told: 'nothing' },
  ...change,
});

export const sealedSecret = (name: string, change: Partial<SealedSecret> = {}): SealedSecret => ({
  tenant: 'default',
  name,
  version: 1,
  origins: ['https://api.example.com'],
  sealed: 'c2VhbGVk',
  by: 'user/ada',
  atMs: 10,
  ...change,
});

export const auditEntry = (kind: string, change: Partial<AuditEntry> = {}): AuditEntry => ({
  tenant: 'default',
  atMs: 100,
  kind,
  actor: 'agent/caller',
  object: 'tool/ledger/book',
  callId: '',
  details: {},
  ...change,
});

export const begin = (change: Partial<Begin>): Begin => ({
  ...{ record: null, dispatch: null, grant: null, reservation: null, audit: [], atMs: 100 },
  ...change,
});

export const end = (id: string, change: Partial<End>): End => ({
  ...{ tenant: 'default', id, outcome: null, amounts: null, audit: [], atMs: 200 },
  ...change,
});

/** What is written before an accepted call is sent, and nothing beside it. */
export const dispatch = (id: number, policyVersion = 'p'): Begin =>
  begin({ dispatch: { id: hexId(id), policyVersion } });

/** What is written of a call that never ran. */
export const forgotten = (id: number): End => end(hexId(id), { outcome: { state: 'forgotten', reply: null } });

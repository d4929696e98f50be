/** Header names of the native protocol: doors, upstreams, sidecars and the client read them from here only. */

export const HEADERS = {
  callId: 'airspace-call-id',
  session: 'airspace-session',
  /** Whom a request of A2A 0.3 over gRPC is for, as `tenant` says it in 1.0: `orders`, `tools/search`. */
  target: 'airspace-target',
  /** Remaining milliseconds, relative and so safe from skewed clocks (D1). */
  timeoutMs: 'airspace-timeout-ms',
  /** `id=…;kind=…;tenant=…` towards agents: information, never a credential. */
  principal: 'airspace-principal',
  /** Node to node: `authorization: Airspace-Node <assertion>`. */
  nodeScheme: 'airspace-node',
  /**
   * Towards an agent, and back from it with the calls that it makes: the run token, which places those calls in the tree of the
   * call that it answers. Node to node: the tree of the call.
   */
  run: 'airspace-run',
  /** Node to node: `root;parent;depth`. */
  lineage: 'airspace-lineage',
  /** Node to node: comma-separated node ids, nearest last. */
  via: 'airspace-via',
  /** Node to node: the sender's signed word that people approved this call. */
  approval: 'airspace-approval',
  /** Node to node, and back: the endpoint that has what the call is about. */
  pin: 'airspace-pin',
  /** Node to node: number of the try; its presence says that the sender owns retries (R1). */
  attempt: 'airspace-attempt',
  /** Reply: `no`, `yes` or `unknown`. `no` is the explicit not-executed marker (R4). */
  executed: 'airspace-executed',
  endpoint: 'airspace-endpoint',
  version: 'airspace-version',
  attempts: 'airspace-attempts',
  traceId: 'airspace-trace-id',
  /** Reply: version of the policy that decided. Node to node: `version;snapshot`, and `;trial` for a release on trial. */
  policy: 'airspace-policy',
  notes: 'airspace-notes',
  /** Reply: the model that answered, when it is not the one that was asked: `model; instead-of=model; because=code`. */
  fallback: 'airspace-fallback',
  /**
   * Request: the range of versions of the capability that the path names. Reply: `query_database@2.3.0; provider=tool/db/query`, and
   * `; instead-of=tool/old/query; because=unavailable` when the first choice was away.
   */
  capability: 'airspace-capability',
  idempotencyKey: 'idempotency-key',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const;

/** Everything with this prefix is ours: stripped from callers that are not nodes, never passed through. */
export const RESERVED_PREFIX = 'airspace-';

/** Where callers and tools put keys: what a caller has for Airspace, or for anybody else, is not the target's to see. */
export const isCredentialHeader = (name: string): boolean =>
  name === 'api-key' || name === 'apikey' || /^x-(?:[a-z0-9-]+-)?(?:key|token|secret)$/.test(name);

/** Default deadlines (D1). */
export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_STREAM_TIMEOUT_MS = 600_000;

/** Largest payload that a door takes without being told otherwise, and the largest that it can be told. */
export const DEFAULT_BODY_LIMIT = 1024 * 1024;
export const MAX_BODY_LIMIT = 4 * 1024 * 1024;

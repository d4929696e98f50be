/** What people change, in the audit: every door gets ports that write down who changed what, once it is done. */

import { X509Certificate } from 'node:crypto';
import type { AuditTrail, Noted } from '../../audit/index.ts';
import type {
  CertificateReply,
  ControlPort,
  Incident,
  NodeEntry,
  NodePort,
  Principal,
  ReleasePort,
  ReleaseStore,
} from '../../contract/index.ts';
import type { AlertPort, KillPort } from '../../doors/admin/index.ts';

export const auditedControl = (control: ControlPort, trail: AuditTrail): ControlPort => ({
  apply: async (request) => {
    const result = await control.apply(request);
    if (!request.dryRun) await changed(trail, request.tenant, request.by, 'config.applied', result, request.reason);
    return result;
  },
  diff: (request) => control.diff(request),
  list: (filter) => control.list(filter),
  history: (limit, key) => control.history(limit, key),
  changes: (revision) => control.changes(revision),
  remove: async (ids, by, reason, dryRun, rights) => {
    const result = await control.remove(ids, by, reason, dryRun, rights);
    if (!dryRun) await changed(trail, ids[0]?.tenant ?? '', by, 'config.removed', result, reason);
    return result;
  },
  rollback: async (to, by, reason, dryRun, rights) => {
    const result = await control.rollback(to, by, reason, dryRun, rights);
    // A revision is the configuration of all tenants: each reads it in its own chain.
    const tenants = new Set(result.diffs.map(({ key }) => key.slice(0, key.indexOf('/'))));
    if (!dryRun)
      for (const tenant of tenants)
        await changed(trail, tenant, by, 'config.rolled_back', result, `to revision ${to}: ${reason}`);
    return result;
  },
});

const changed = async (
  trail: AuditTrail,
  tenant: string,
  by: string,
  kind: string,
  { revision, snapshotSeq, diffs }: Awaited<ReturnType<ControlPort['apply']>>,
  reason: string,
): Promise<void> => {
  const keys = diffs
    .filter(({ key, change }) => change !== 'none' && key.startsWith(`${tenant}/`))
    .map(({ key, change }) => `${change} ${key.slice(tenant.length + 1)}`);
  if (keys.length === 0) return;
  const details = { snapshot: snapshotSeq, changes: keys.slice(0, MOST_NAMED), count: keys.length, reason };
  await trail.note({ tenant, kind, actor: by, object: `revision/${revision}`, callId: '', details });
};

/** The revision itself has all of them. */
const MOST_NAMED = 50;

export const auditedReleases = (releases: ReleasePort, trail: AuditTrail): ReleasePort => {
  const noted = async <
    T extends {
      readonly release: { readonly id: string; readonly state: string; readonly percent: number };
      readonly snapshotSeq: number;
    },
  >(
    tenant: string,
    by: string,
    kind: string,
    reason: string,
    work: Promise<T>,
  ): Promise<T> => {
    const done = await work;
    const { id, state, percent } = done.release;
    const details = { state, percent, snapshot: done.snapshotSeq, reason };
    await trail.note({ tenant, kind, actor: by, object: `release/${id}`, callId: '', details });
    return done;
  };
  return {
    stage: (request) => noted(request.tenant, request.by, 'policy.staged', request.reason, releases.stage(request)),
    check: (request) => releases.check(request),
    list: (tenant, limit) => releases.list(tenant, limit),
    overview: (tenant) => releases.overview(tenant),
    versions: (tenant, bundle, limit) => releases.versions(tenant, bundle, limit),
    texts: (tenant, id) => releases.texts(tenant, id),
    get: (tenant, id) => releases.get(tenant, id),
    shadow: (tenant, id, by, reason, rights) =>
      noted(tenant, by, 'policy.shadowed', reason, releases.shadow(tenant, id, by, reason, rights)),
    activate: (tenant, id, wish) =>
      noted(tenant, wish.by, 'policy.activated', wish.reason, releases.activate(tenant, id, wish)),
    approve: (tenant, id, by, reason) =>
      noted(tenant, by, 'policy.approved', reason, releases.approve(tenant, id, by, reason)),
    rollback: async (tenant, by, reason, rights) => {
      const done = await releases.rollback(tenant, by, reason, rights);
      const details = { undone: done.undone, snapshot: done.snapshotSeq, reason };
      await trail.note({ tenant, kind: 'policy.rolled_back', actor: by, object: 'policy', callId: '', details });
      return done;
    },
    replay: (request) => releases.replay(request),
  };
};

/** Steps that a release takes by itself: halted by the watch, overtaken by another policy. People's steps are noted where they ask. */
export const auditedSteps = (store: ReleaseStore, trail: AuditTrail): ReleaseStore => ({
  put: async (record) => {
    await store.put(record);
    const step = record.log.at(-1);
    if (step?.by !== ITSELF) return;
    const { tenant, id } = record;
    const details = { state: step.state, percent: step.percent, reason: step.reason };
    await trail.inPassing({
      tenant,
      kind: `policy.${step.state}`,
      actor: ITSELF,
      object: `release/${id}`,
      callId: '',
      details,
    });
  },
  get: (tenant, id) => store.get(tenant, id),
  list: (tenant, limit) => store.list(tenant, limit),
  inForce: () => store.inForce(),
});

const ITSELF = 'airspace';

export const auditedKills = (kills: KillPort, trail: AuditTrail): KillPort => {
  const noted = async (by: Principal, kind: string, work: ReturnType<KillPort['order']>) => {
    const done = await work;
    const { order, seq, cut } = done;
    const details = { stops: `${order.kind}/${order.name}`, reason: order.reason, list: seq, cut };
    const actor = `${by.kind}/${by.id}`;
    await trail.note({ tenant: order.tenant, kind, actor, object: `order/${order.id}`, callId: '', details });
    return done;
  };
  return {
    // An order is in force before its line is written: nothing may keep a stop waiting.
    order: (by, request) => noted(by, 'kill.ordered', kills.order(by, request)),
    lift: (by, id) => noted(by, 'kill.lifted', kills.lift(by, id)),
    list: (tenant) => kills.list(tenant),
  };
};

export const auditedAlerts = (alerts: AlertPort, trail: AuditTrail): AlertPort => {
  const noted = (kind: string, actor: string, { id, tenant, alert }: Incident, said: Noted['details']): Promise<void> =>
    trail.note({ tenant, kind, actor, object: `incident/${id}`, callId: '', details: { alert, ...said } });
  return {
    list: (tenant) => alerts.list(tenant),
    incidents: (filter) => alerts.incidents(filter),
    incident: (tenant, id) => alerts.incident(tenant, id),
    acknowledge: async (tenant, id, said) => {
      const seen = await alerts.acknowledge(tenant, id, said);
      await noted('incident.acknowledged', said.by, seen, { note: said.note });
      return seen;
    },
    close: async (tenant, id, said) => {
      const over = await alerts.close(tenant, id, said);
      await noted('incident.closed', said.by, over, { reason: said.reason });
      return over;
    },
  };
};

/** Who may speak for whom among nodes. Everything else about them is observation. */
export const auditedNodes = (nodes: NodePort, trail: AuditTrail): NodePort => {
  const noted = new WeakSet<CertificateReply>();
  return new Proxy(nodes, {
    get: (target, name) => {
      if (name === 'certificate') return (node: NodeEntry) => certified(target, trail, node, noted);
      if (name === 'join') return (request: unknown) => joined(target, trail, request);
      if (name === 'remove') return (...asked: Parameters<NodePort['remove']>) => removed(target, trail, asked);
      const own = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
};

/** One line for each certificate, however often it is handed out. */
const certified = async (
  nodes: NodePort,
  trail: AuditTrail,
  node: NodeEntry,
  noted: WeakSet<CertificateReply>,
): Promise<CertificateReply> => {
  const reply = await nodes.certificate(node);
  if (noted.has(reply)) return reply;
  noted.add(reply);
  const { id, tenant, role, domain } = node;
  const { subjectAltName, serialNumber, validToDate } = new X509Certificate(reply.chain[0]!);
  const details = {
    ...{ role, domain, serial: serialNumber, name: subjectAltName ?? '', until: validToDate.toISOString() },
    authority: reply.authority !== null,
  };
  await trail.note({ tenant, kind: 'node.certified', actor: `node/${id}`, object: `node/${id}`, callId: '', details });
  return reply;
};

const removed = async (nodes: NodePort, trail: AuditTrail, asked: Parameters<NodePort['remove']>): Promise<void> => {
  const [, id, by] = asked;
  const node = nodes.list(asked[0]).find((view) => view.node.id === id)?.node;
  await nodes.remove(...asked);
  const details = { role: node?.role ?? '', domain: node?.domain ?? '', agent: node?.agent ?? '', ...toolOf(node) };
  await trail.note({
    ...{ tenant: node?.tenant ?? '', kind: 'node.removed', actor: by, object: `node/${id}`, callId: '', details },
  });
};

const joined = async (nodes: NodePort, trail: AuditTrail, request: unknown): ReturnType<NodePort['join']> => {
  const reply = await nodes.join(request);
  const { id, role, tenant, domain, agent } = reply.node;
  const details = { role, domain, agent, ...toolOf(reply.node) };
  await trail.note({ tenant, kind: 'node.joined', actor: `node/${id}`, object: `node/${id}`, callId: '', details });
  return reply;
};

const toolOf = (node: NodeEntry | undefined): { readonly tool?: string } =>
  node?.tool === undefined ? {} : { tool: node.tool };

/** Alerts of a hub: what they look at, where their incidents are kept, and how somebody hears of them. */
import { Alerts, Book, Messenger } from '../../alerts/index.ts';
import { type ControlPort, Fault, type Incident, type Stores } from '../../contract/index.ts';
import type { AlertPort, BreakerPort, BudgetPort } from '../../doors/admin/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger, Metrics } from '../../telemetry/index.ts';
import { alertMeasures } from './measures/alerts.ts';
import { postTo } from './webhook.ts';

export interface AlertingParts {
  readonly world: World;
  /** This hub: of several over one store, this one. */
  readonly node: string;
  readonly stores: Pick<Stores, 'incidents'>;
  readonly control: Pick<ControlPort, 'list'>;
  readonly budgets: Pick<BudgetPort, 'list'>;
  readonly breakers: Pick<BreakerPort, 'list'>;
  readonly key: NodeKey;
  readonly fetch: GuardedFetch;
  readonly logger: Pick<Logger, 'log'>;
  readonly metrics: Pick<Metrics, 'source'>;
}

export interface Alerting {
  readonly alerts: Alerts;
  readonly port: AlertPort;
  stop(): void;
}

/** Resolves when it goes on with what the last run left open. */
export const startAlerting = async (parts: AlertingParts): Promise<Alerting> => {
  const { world, node, stores, control, budgets, breakers, logger } = parts;
  const { clock } = world;
  const book = new Book(stores.incidents, node);
  await book.load();
  const measures = alertMeasures();
  const alerts = new Alerts({
    ...{ clock, newId: world.ids.callId, node, book },
    rules: async () =>
      (await control.list({ tenant: null, kind: 'Alert' })).flatMap(({ resource }) =>
        resource.kind === 'Alert' ? [resource] : [],
      ),
    budgets: async (tenant) => (await budgets.list(tenant)).map((view) => readingOf(view, clock.wallMs())),
    breakers: (tenant) =>
      breakers
        .list(tenant)
        .filter(({ state, isStale }) => state !== 'closed' && isStale !== true)
        .map((one) => ({ target: one.target, endpoint: one.endpoint, node: one.node })),
    changed: (incident) => {
      measures.changed(incident);
      logIncident(logger, incident);
    },
    failed: (cause) => logger.log('warn', 'alerts could not be looked at', { cause: String(cause) }),
  });
  parts.metrics.source(measures.source(alerts));
  const messenger = messengerOf(parts, book);
  const ending = [await alerts.start(), messenger.start()];
  return {
    alerts,
    port: {
      list: (tenant) => alerts.views(tenant),
      incidents: (filter) => stores.incidents.list(filter),
      incident: (tenant, id) => incidentNamed(stores, tenant, id),
      acknowledge: async (tenant, id, { by, note }) => {
        const seen = await alerts.acknowledge(await incidentNamed(stores, tenant, id), by, note);
        logger.log('info', 'an incident is acknowledged', { tenant, alert: seen.alert, incident: seen.id, by, note });
        return seen;
      },
      close: async (tenant, id, { by, reason }) => alerts.close(await incidentNamed(stores, tenant, id), by, reason),
    },
    stop: () => {
      for (const end of ending) end();
    },
  };
};

const incidentNamed = async (
  { incidents }: Pick<Stores, 'incidents'>,
  tenant: string,
  id: string,
): Promise<Incident> => {
  const [found, other] = await incidents.named(tenant, id);
  if (found === undefined)
    throw new Fault('not_found', `there is no incident \`${id}\`; \`airspace incident ls\` shows those that are kept`);
  if (other !== undefined)
    throw new Fault('bad_request', `more than one incident begins with \`${id}\`; give more of its id`);
  return found;
};

const logIncident = (
  logger: Pick<Logger, 'log'>,
  { tenant, alert, id, severity, text, endedAtMs, ended }: Incident,
): void =>
  endedAtMs === null
    ? logger.log('warn', 'an alert fires', { tenant, alert, incident: id, severity, detail: text })
    : logger.log('info', 'an incident is over', { tenant, alert, incident: id, detail: ended });

const messengerOf = ({ world, key, fetch, logger }: AlertingParts, book: Book): Messenger =>
  new Messenger({
    ...{ book, clock: world.clock, random: world.random },
    sign: (text) => key.sign(text),
    post: (url, message) => postTo(url, fetch, message),
    failed: ({ id, alert, tenant }, tries, cause) =>
      logger.log('warn', 'the webhook of an alert did not take a message', {
        ...{ tenant, alert, incident: id, tries },
        reason: Fault.from(cause).message,
      }),
  });

const readingOf = (
  { name, limit, accounts }: Awaited<ReturnType<BudgetPort['list']>>[number],
  wallMs: number,
): { readonly name: string; readonly usedRatio: number; readonly runsOutInMs: number | null } => {
  const { extra = 0, spent = 0, reserved = 0, runsOutAtMs = null } = accounts[0] ?? {};
  const whole = limit + extra;
  return {
    name,
    usedRatio: whole === 0 ? 1 : (spent + reserved) / whole,
    runsOutInMs: runsOutAtMs === null ? null : Math.max(0, runsOutAtMs - wallMs),
  };
};

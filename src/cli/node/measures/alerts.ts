/** Alerts by their state, and how many fired. */
import type { Alerts } from '../../../alerts/index.ts';
import type { Incident } from '../../../contract/index.ts';
import type { Source } from '../../../telemetry/index.ts';

export interface AlertMeasures {
  /** Counts those that open. */
  readonly changed: (incident: Incident) => void;
  readonly source: (alerts: Pick<Alerts, 'standings'>) => Source;
}

export const alertMeasures = (): AlertMeasures => {
  const opened = new Map<string, { readonly labels: { tenant: string; severity: string }; count: number }>();
  return {
    changed: ({ tenant, severity, endedAtMs }) => {
      if (endedAtMs !== null) return;
      const key = `${tenant}/${severity}`;
      const known = opened.get(key) ?? { labels: { tenant, severity }, count: 0 };
      known.count += 1;
      opened.set(key, known);
    },
    source: (alerts) => ({
      name: 'alerts',
      read: (say) => {
        for (const { labels, count } of opened.values()) say('airspace_incidents_opened_total', labels, count);
        const groups = Map.groupBy(alerts.standings(), (one) => `${one.tenant}/${one.severity}/${one.state}`);
        for (const [first, ...more] of groups.values())
          if (first !== undefined) say('airspace_alerts', { ...first }, more.length + 1);
      },
    }),
  };
};

/** How far a node that joined a hub is behind it, as the node itself knows, and what it still has to hand over. */
import type { Source } from '../../../telemetry/index.ts';
import type { Member } from '../member.ts';

export const memberSource = ({
  ages,
  unsent,
  lost,
  spooled,
  logs,
  said,
}: Pick<Member, 'ages' | 'unsent' | 'lost' | 'spooled' | 'logs' | 'said'>): Source => ({
  name: 'member',
  read: async (say) => {
    const seconds = { snapshot: ages.snapshotMs(), orders: ages.killsMs(), hub: ages.hubMs() };
    say('airspace_snapshot_age_seconds', {}, seconds.snapshot / 1_000);
    say('airspace_orders_age_seconds', {}, seconds.orders / 1_000);
    say('airspace_hub_silent_seconds', {}, seconds.hub / 1_000);
    say('airspace_telemetry_dropped_total', { reason: 'spool' }, lost());
    say('airspace_logs_dropped_total', { reason: 'hub' }, logs.dropped);
    say('airspace_audit_unsent_records', {}, await unsent());
    say('airspace_agent_spans_waiting', {}, said.counts.waiting);
    for (const reason of ['full', 'refused'] as const)
      say('airspace_agent_spans_unhanded_total', { reason }, said.counts[reason]);
    say('airspace_spool_events', {}, await spooled());
  },
});

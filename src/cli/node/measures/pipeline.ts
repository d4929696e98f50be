/** What a pipeline says of itself when somebody scrapes: its endpoints with their breakers, and who is in the works. */
import type { Clock } from '../../../contract/index.ts';
import { fleetStatus, type TargetStatus } from '../../../routing/index.ts';
import type { Say, Source } from '../../../telemetry/index.ts';
import type { LivePipeline } from '../live.ts';

/** `role` as its calls have it: `hub`, `domain`, `sidecar-out`, `sidecar-in`. */
export const pipelineSource = (role: string, live: Pick<LivePipeline, 'fleet' | 'gate'>, clock: Clock): Source => ({
  name: `pipeline ${role}`,
  read: (say) => {
    say('airspace_calls_running', { role }, live.gate.running);
    say('airspace_calls_waiting', { role }, live.gate.waiting);
    for (const target of fleetStatus(live.fleet, null, clock.nowMs())) sayEndpoints(say, role, target);
  },
});

const sayEndpoints = (say: Say, role: string, { via, tenant, kind, name, endpoints }: TargetStatus): void => {
  for (const { id, breaker, obstacle, inFlight } of endpoints) {
    const labels = { role, via, tenant, kind, target: name, endpoint: id };
    say('airspace_breaker_open', labels, breaker === 'closed' ? 0 : 1);
    say('airspace_endpoint_eligible', labels, obstacle === null ? 1 : 0);
    say('airspace_endpoint_calls_running', labels, inFlight);
  }
};

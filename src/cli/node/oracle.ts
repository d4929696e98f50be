/** The hub's second opinion on its decisions: what a difference means for the log, the metrics and whoever asks for the status. */
import type { World } from '../../kernel/index.ts';
import { Oracle } from '../../policy/oracle/index.ts';
import type { Observed } from './telemetry.ts';

/** Share of decisions that a hub takes twice, unless told otherwise: a defect that matters shows within minutes of traffic. */
export const ORACLE_SHARE = 0.01;

export const openOracle = (
  share: number,
  { random }: World,
  { logger, metrics }: Pick<Observed, 'logger' | 'metrics'>,
): Oracle => {
  const oracle = new Oracle({
    share,
    random,
    onMismatch: ({ callId, ours, cedars }) =>
      logger.log('error', 'policy engine and oracle disagree', {
        call_id: callId,
        policy: ours.policyVersion,
        ours: `${ours.effect} ${ours.code}`,
        oracle: `${cedars.effect} ${cedars.code}`,
        ours_rules: ours.determining.map(({ level, id }) => `${level}/${id}`),
        oracle_rules: cedars.determining.map(({ level, id }) => `${level}/${id}`),
      }),
    onFailure: (cause) => logger.log('warn', 'the policy oracle gave no answer', { cause }),
  });
  metrics.gauge({ name: 'airspace_policy_oracle_checked_total', read: () => oracle.counts.checked });
  metrics.gauge({ name: 'airspace_policy_oracle_mismatch_total', read: () => oracle.counts.mismatched });
  metrics.gauge({ name: 'airspace_policy_oracle_dropped_total', read: () => oracle.counts.dropped });
  metrics.gauge({ name: 'airspace_policy_oracle_failed_total', read: () => oracle.counts.failed });
  return oracle;
};

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
  const counter = (name: string, help: string, read: () => number): void =>
    metrics.gauge({ name: `airspace_policy_oracle_${name}_total`, help, read, type: 'counter' });
  counter('checked', 'Decisions that were taken again by cedar-wasm.', () => oracle.counts.checked);
  counter(
    'mismatch',
    'Decisions that cedar-wasm takes differently. Anything but 0 is an alarm.',
    () => oracle.counts.mismatched,
  );
  counter('dropped', 'Decisions that were to be taken again and found no room.', () => oracle.counts.dropped);
  counter('failed', 'Decisions about which cedar-wasm gave no answer.', () => oracle.counts.failed);
  return oracle;
};

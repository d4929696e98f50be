/** The release train of a hub: tied to its stores, its key and its policy engine. */
import type { Stores } from '../../contract/index.ts';
import {
  type CompilePolicy,
  type ControlPlane,
  ReleaseTrain,
  ReleaseTrials,
  ReleaseWatch,
  twoPersonGate,
  unseal,
  type Widenings,
} from '../../control/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import { comparePolicies, Replay, wideningsIn } from '../../policy/index.ts';
import { Oracle } from '../../policy/oracle/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { type Below, examineWith, ROOT } from './examine.ts';
import { fallbackRemarks } from './fallback.ts';

export interface TrainOptions {
  readonly world: World;
  readonly stores: Stores;
  readonly key: NodeKey;
  readonly logger: Logger;
  readonly twoPerson: boolean;
  /** The one that the control plane uses: what it has checked once it does not check again. */
  readonly compilePolicy: CompilePolicy;
  /** Brings what has just ended to the store: a replay is about everything that happened. */
  readonly flush: () => Promise<void>;
  /** Of a domain: what is above its configuration. Absent: nothing is. */
  readonly below?: Below;
}

/** In two steps, because the control plane asks the trials and the gate, and the train asks the control plane. */
export const releases = (options: TrainOptions) => {
  const { world, stores, key, logger, twoPerson, compilePolicy, flush, below = ROOT } = options;
  // Of the own levels: no release touches those above.
  const widenings: Widenings = (present, proposed) =>
    wideningsIn(comparePolicies(present, { ...below.whole(proposed), policy: proposed.policy }));
  const watch = new ReleaseWatch();
  const shared = {
    store: stores.releases,
    compilePolicy,
    remarksOn: fallbackRemarks,
    clock: world.clock,
    watch,
    log: (level: 'info' | 'warn', message: string, fields: object) => logger.log(level, message, { ...fields }),
  };
  return {
    ...(twoPerson ? { gate: twoPersonGate({ compilePolicy, widenings }) } : {}),
    trials: new ReleaseTrials({ ...shared, open: (record) => unseal(record.sealed, key.publicKey) }),
    trainOver: (plane: ControlPlane): ReleaseTrain =>
      new ReleaseTrain({
        ...shared,
        plane,
        key,
        twoPerson,
        resources: stores.resources,
        calls: stores.calls,
        traces: {
          recent: async (filter) => {
            await flush();
            return stores.traces.recent(filter);
          },
          trace: async (tenant, id) => {
            await flush();
            return stores.traces.trace(tenant, id);
          },
        },
        replayer: (proposed, active) => new Replay(below.whole(proposed), active),
        widenings,
        examine: examineWith(compilePolicy, below),
      }),
  };
};

/** Share of a canary's decisions that are taken again: more than of the active policy, because nobody has seen it work yet. */
const CANARY_SHARE = 0.1;

/** A second opinion on what canaries decide, in a thread of its own: alternating with the active policy would wear one out. */
export const canaryOracle = ({ random }: World, doubts: boolean, train: () => ReleaseTrain): Oracle =>
  new Oracle({
    share: doubts ? CANARY_SHARE : 0,
    random,
    onMismatch: ({ ours }) => train().distrust(ours.policyVersion),
  });

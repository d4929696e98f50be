/** What the release train is made of: stores, the plane, and what other rooms lend it to judge policy. */
import type {
  CallJournal,
  CaseFile,
  CaseOutcome,
  Clock,
  PolicySet,
  ReleaseProof,
  ReleaseStore,
  ResourceStore,
  Rights,
  TraceStore,
} from '../../contract/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { CompilePolicy, Draft } from '../compile.ts';
import type { Configuration } from '../configuration.ts';
import type { ControlParts, ControlPlane } from '../plane.ts';
import type { Widenings } from './gate.ts';
import type { Replayer } from './replay.ts';
import type { TrialParts } from './trials.ts';
import type { ReleaseWatch } from './watch.ts';

export interface TrainParts {
  readonly store: ReleaseStore;
  readonly resources: Pick<ResourceStore, 'list' | 'history' | 'version'>;
  readonly plane: Pick<ControlPlane, 'preview' | 'replacePolicy' | 'republish' | 'list' | 'snapshot'>;
  readonly compilePolicy: CompilePolicy;
  /** As the control plane's. Default: nothing. */
  readonly remarksOn?: ControlParts['remarksOn'];
  readonly traces: Pick<TraceStore, 'recent' | 'trace'>;
  /** What targets answered, as far as it is kept here. */
  readonly calls: Pick<CallJournal, 'get'>;
  /** The policy room's replay of recorded decisions. What facts answered under the active policy is of use only where they are the same. */
  readonly replayer: (proposed: Draft, active: PolicySet) => Replayer;
  readonly widenings: Widenings;
  readonly examine: Examine;
  readonly watch: ReleaseWatch;
  /** Signs releases, as it signs snapshots. */
  readonly key: NodeKey;
  readonly clock: Clock;
  /** A release that widens decides nothing before another person than its author approved it. */
  readonly twoPerson: boolean;
  readonly log: TrialParts['log'];
}

/** Lint and cases, before something is kept as a release. Throws `bad_request` when the cases cannot be read. */
export type Examine = (proposal: {
  /** Of the tenant alone, as it would be. */
  readonly configuration: Configuration;
  readonly tenant: string;
  /** Of whoever proposes: a case says how somebody's calls are decided, and that is not for everybody to hear. */
  readonly rights: Rights;
  /** Levels that were proposed; what is wrong in others was there before. */
  readonly levels: ReadonlySet<string>;
  readonly cases: readonly CaseFile[];
  readonly originOf: (key: string) => string;
}) => Promise<Examined>;

export interface Examined {
  /** What lint calls an error; each with its place. Any of them refuses. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** In the order of the files; one that does not hold refuses. */
  readonly cases: readonly CaseOutcome[];
  readonly proof: ReleaseProof;
}

/** Desired and observed state: configuration checked, compiled, signed and published; nodes joined, watched and told. */

export { compilingBelow } from './above.ts';
export { Archive } from './archive.ts';
export { backoffMs } from './backoff.ts';
export { belonging } from './belonging.ts';
export { breakersTold, byUrgency } from './breakers.ts';
export { checkConfiguration, checkSources } from './check.ts';
export { type CompilePolicy, compile, type Draft, type PolicyText, type PolicyWorld } from './compile.ts';
export type { Checked, Configuration } from './configuration.ts';
export { Chain } from './delta.ts';
export { difference } from './difference.ts';
export { Exporter } from './exporter.ts';
export { type ExportTaker, exportsOf, exportTaker } from './exports.ts';
export { type Conflict, type DomainPlace, draftOf, type Federated, federate } from './federate.ts';
export { Heard } from './heard.ts';
export { HttpHubWire, type HubWire } from './hubwire.ts';
export { type KillChange, KillSwitch, type KillSwitchParts } from './kills.ts';
export { type Kept, LastGood } from './lastgood.ts';
export { type LinkedNode, type LinkParts, NodeLink } from './link.ts';
export { LogLoad } from './logload.ts';
export { type LogCounts, LogTaker } from './logs.ts';
export { type Joining, joinHub, loadMembership, type Membership } from './membership.ts';
export { type CheckpointTaker, NodeHub, type NodeHubParts } from './nodes.ts';
export type { NodeReport } from './nodeview.ts';
export { type ControlParts, ControlPlane, type Gate, type Standing } from './plane.ts';
export { planDigest } from './plans.ts';
export { refuseIfAny } from './problems.ts';
export {
  type Examine,
  policyDifference,
  ReleaseTrain,
  ReleaseTrials,
  ReleaseWatch,
  replayRecorded,
  twoPersonGate,
  unseal,
  type Widenings,
} from './releases/index.ts';
export { parseLeaseRequest } from './reports.ts';
export { HEARTBEAT_MS, RosterKeeper, type RosterParts } from './roster.ts';
export { Saying, type SayingCounts } from './saying.ts';
export { checkShape, type Raw, type Shaped } from './shape.ts';
export { type DocumentKind, type Documents, type Expected, openSigned, signDocument } from './sign.ts';
export { type Held, Publisher } from './snapshots.ts';
export { CASES_FILE, type Locate, readSources, type Sources, sourcesOfText } from './source.ts';
export { Spool } from './spool.ts';
export { type ServerEvent, serverEvents } from './sse.ts';
export { DomainStanding, nothingOn, type OwnPart } from './standing.ts';
export type { SumSource } from './sumload.ts';
export { sumsView } from './sumsview.ts';
export { regrouped, type UsageWindow, usageItem, usageTotals, usageWindow } from './usageview.ts';
export { domainsWithin } from './within.ts';
export { parseYaml, type YamlDocument, type YamlPlace } from './yaml.ts';

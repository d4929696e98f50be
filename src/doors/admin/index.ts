/** The admin door: configuration, observation, registry and node link over HTTP, behind one table of rights. */
export { isFromThisMachine, isOperator, refuseForeignPages } from './authorise.ts';
export type { CapabilityView, ProviderView, RangeView } from './capability-view.ts';
export { type AdminDoor, adminDoor } from './door.ts';
export { EventFeed } from './feed.ts';
export { type MetricsPorts, metricsDoor } from './metrics-door.ts';
export type {
  Acceptance,
  AccessPort,
  AdminPorts,
  AlertPort,
  ApprovalPort,
  AuditChain,
  AuditPort,
  BreakerAnswer,
  BreakerPort,
  BudgetAccount,
  BudgetPort,
  BudgetView,
  CallExplanation,
  CanAnswer,
  CanQuestion,
  ClauseSeen,
  DiscoverRequest,
  ExportStatus,
  Feed,
  FleetTarget,
  HubRefusal,
  KillAnswer,
  KillPort,
  KillsView,
  LogPort,
  NodeStatus,
  ParentStatus,
  Payer,
  PayerKind,
  PayersView,
  PlanPort,
  PolicyPort,
  RuleName,
  SecretPort,
  TargetCounts,
  ToolOperationView,
  ToolPort,
  ToolView,
  TopologyPort,
  UnknownPort,
  Vote,
} from './ports.ts';
export { PAYERS } from './ports.ts';
export { routes } from './published.ts';
export { READS } from './reads.ts';
export { ROUTES } from './routes.ts';

/** The admin door: configuration, observation, registry and node link over HTTP, behind one table of rights. */
export { isFromThisMachine, isOperator, refuseForeignPages } from './authorise.ts';
export { type AdminDoor, adminDoor } from './door.ts';
export { EventFeed } from './feed.ts';
export type {
  Acceptance,
  AccessPort,
  AdminPorts,
  ApprovalPort,
  AuditPort,
  BudgetAccount,
  BudgetPort,
  BudgetView,
  CallExplanation,
  CanAnswer,
  CanQuestion,
  ClauseSeen,
  DiscoverRequest,
  Feed,
  FleetEndpoint,
  FleetTarget,
  KillAnswer,
  KillPort,
  KillsView,
  LogLine,
  NodeStatus,
  Payer,
  PayerKind,
  PayersView,
  PolicyPort,
  RuleName,
  SecretPort,
  TargetCounts,
  ToolOperationView,
  ToolPort,
  ToolView,
  UnknownPort,
  Vote,
} from './ports.ts';
export { PAYERS } from './ports.ts';
export { routes } from './published.ts';
export { READS } from './reads.ts';
export { ROUTES } from './routes.ts';

/** The dictionary of Airspace: every other room speaks in these words. No I/O, and nothing of ours is imported here. */
export * from './approval.ts';
export * from './audit.ts';
export * from './call.ts';
export * from './decision.ts';
export * from './event.ts';
export * from './fault.ts';
export * from './kill.ts';
export * from './money.ts';
export * from './plan.ts';
export * from './ports.ts';
export * from './release.ts';
export * from './reply.ts';
export * from './resources/index.ts';
export * from './rights.ts';
export * from './scope.ts';
export * from './snapshot.ts';
export * from './wire.ts';

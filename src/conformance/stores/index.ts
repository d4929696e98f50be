/** The promises that every store keeps: what the ports of `contract/ports.ts` say, as checks. */
import type { Stores } from '../../contract/index.ts';
import type { Suite } from '../suite.ts';
import { agentSpanChecks } from './agent-spans.ts';
import { callChecks } from './calls.ts';
import type { StoreCheck } from './check.ts';
import { incidentChecks } from './incidents.ts';
import { keepingChecks, keepingOpenersChecks } from './keeping.ts';
import { killChecks } from './kills.ts';
import { logChecks } from './logs.ts';
import { ledgerChecks } from './money.ts';
import { nodeChecks } from './nodes.ts';
import { openersChecks } from './openers.ts';
import { planStepChecks } from './plan-steps.ts';
import { planChecks } from './plans.ts';
import { releaseChecks } from './releases.ts';
import { resourceChecks } from './resources.ts';
import { roomChecks, roomOpenersChecks } from './room.ts';
import { secretChecks } from './secrets.ts';
import { approvalChecks, auditChecks, sendChecks } from './send.ts';
import { sumChecks, sumOpenersChecks } from './sums.ts';
import { taskChecks } from './tasks.ts';
import { traceChecks } from './traces.ts';
import { usageChecks, usageOpenersChecks } from './usage.ts';

export interface StoreSuiteOptions {
  readonly name: string;
  /** New, empty stores each time. */
  readonly open: () => Promise<Stores>;
  /** Closes the stores and opens the same data again. Absent: nothing is promised to last. */
  readonly reopen?: (stores: Stores) => Promise<Stores>;
  /** Opens the same data a second time, beside the first. Absent: one process at a time has it. */
  readonly join?: (stores: Stores) => Promise<Stores>;
}

export const storeSuite = ({ name, open, reopen, join }: StoreSuiteOptions): Suite => {
  const checks: { promise: string; check: () => Promise<void> }[] = [];
  const add: StoreCheck = (promise, check) => {
    checks.push({
      promise,
      check: async () => {
        let stores = await open();
        const again = async (): Promise<Stores> => {
          if (reopen !== undefined) stores = await reopen(stores);
          return stores;
        };
        try {
          await check(stores, again);
        } finally {
          await stores.close();
        }
      },
    });
  };
  const all = [
    resourceChecks,
    callChecks,
    nodeChecks,
    killChecks,
    incidentChecks,
    releaseChecks,
    secretChecks,
    taskChecks,
    traceChecks,
    agentSpanChecks,
    logChecks,
    sumChecks,
    usageChecks,
    roomChecks,
    keepingChecks,
    planChecks,
    planStepChecks,
  ];
  for (const describe of [...all, ledgerChecks, sendChecks, auditChecks, approvalChecks]) describe(add);
  if (join !== undefined)
    for (const describe of [
      openersChecks,
      keepingOpenersChecks,
      sumOpenersChecks,
      usageOpenersChecks,
      roomOpenersChecks,
    ])
      describe((promise, check) => checks.push({ promise, check: () => inTwo(open, join, check) }));
  return { name: `stores: ${name}`, checks };
};

const inTwo = async (
  open: StoreSuiteOptions['open'],
  join: NonNullable<StoreSuiteOptions['join']>,
  check: (one: Stores, other: Stores) => Promise<void>,
): Promise<void> => {
  const one = await open();
  try {
    const other = await join(one);
    await check(one, other).finally(() => other.close());
  } finally {
    await one.close();
  }
};

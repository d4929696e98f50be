/** The doors for what agents say of themselves, and of how their work ended, tied to the store of this node. */
import type { AgentSpan, Call, Directory, NodeEntry, RunState, TaskResult } from '../../contract/index.ts';
import type { Inbound } from '../../doors/http/index.ts';
import type { Door } from '../../doors/index.ts';
import { type OtlpDoorOptions, otlpDoor } from '../../doors/otlp/index.ts';
import { outcomesDoor } from '../../doors/outcomes/index.ts';
import { throwIfNotForCalls } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { RunEnded } from '../../plans/index.ts';
import { type Intake, Outcomes } from '../../telemetry/index.ts';
import type { Observed, SaidStores } from './telemetry.ts';

export interface IntakeParts {
  /** The part of this node, for metrics. */
  readonly role: string;
  readonly observed: Pick<Observed, 'intake' | 'said' | 'flush'>;
  readonly stores: SaidStores;
  readonly directory: Pick<Directory, 'identify'>;
  readonly world: Pick<World, 'random' | 'clock'>;
  readonly onInternal: NonNullable<OtlpDoorOptions['onInternal']>;
  /** A listener for one known process says here who that is. */
  readonly known?: (inbound: Pick<Inbound, 'credential'>) => Call['credential'];
  /** Hears of everything that was kept, once. Must not throw. Absent: nobody does. */
  readonly heard?: (spans: readonly AgentSpan[]) => void;
}

export interface OpenIntake {
  readonly intake: Intake;
  readonly doors: readonly Door[];
  /** What a node below heard. Answers how much was new; rejects with `storage` and `overloaded`. */
  handed(node: NodeEntry, spans: readonly AgentSpan[]): Promise<number>;
  /** What a run of a plan came to. Rejects with `storage`. */
  ofRun(run: RunEnded): Promise<void>;
}

/** Whoever may call may say what it did. */
export const openIntake = (parts: IntakeParts): OpenIntake => {
  const { role, observed, stores, directory, world, known, onInternal, heard } = parts;
  const kept = (spans: readonly AgentSpan[], isHanded: boolean): void => {
    observed.said(spans, role, isHanded);
    heard?.(spans);
  };
  const intake = observed.intake(stores, kept);
  const outcomes = new Outcomes({
    ...{ clock: world.clock, store: stores.agentSpans, kept: (one) => kept([one], false) },
    events: async (tenant, call) => {
      // A call that has just ended is one that somebody says an outcome of.
      await observed.flush();
      return stores.traces.trace(tenant, call);
    },
  });
  const shared = {
    ...{ random: world.random, onInternal },
    ...(known === undefined ? {} : { known }),
    identify: async (credential: Parameters<Directory['identify']>[0]) => {
      const principal = await directory.identify(credential);
      throwIfNotForCalls(principal);
      return principal;
    },
  };
  return {
    intake,
    doors: [
      otlpDoor({ ...shared, take: (principal, { spans, invalid }) => intake.take(principal, spans, invalid) }),
      outcomesDoor({ ...shared, say: (principal, said) => outcomes.say(principal, said) }),
    ],
    handed: ({ id }, spans) => intake.handed(id, spans),
    ofRun: async ({ run, state, message, seq }) => {
      const outcome = { task: run.plan, result: RESULTS[state] ?? 'failed' };
      await outcomes.ofRun(run, { outcome, note: message }, seq);
    },
  };
};

/** Of runs that are over. What was taken back was not done; what could not be taken back is for people now. */
const RESULTS: Partial<Record<RunState, TaskResult>> = {
  done: 'completed',
  failed: 'failed',
  compensated: 'failed',
  cancelled: 'abandoned',
  stuck: 'escalated',
};

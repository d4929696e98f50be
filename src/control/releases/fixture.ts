/** What tests of the release train share: a train over memory stores, with the real plane and a compiler that needs no Cedar. */
import { type ReleaseState, type Snapshot, WHOLE_TENANT } from '../../contract/index.ts';
import { newNodeKey } from '../../identity/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import type { CompilePolicy } from '../compile.ts';
import { agent, NO_POLICY } from '../fixture.ts';
import { ControlPlane } from '../plane.ts';
import { policyIn } from '../policy.ts';
import { twoPersonGate } from './gate.ts';
import type { Examine, TrainParts } from './parts.ts';
import { digestOf, unseal } from './seal.ts';
import { ReleaseTrain } from './train.ts';
import { ReleaseTrials } from './trials.ts';
import { ReleaseWatch } from './watch.ts';

/** A policy whose version is its text and its facts: what the train does has nothing to do with Cedar. */
export const compilePolicy: CompilePolicy = async (bundles, { facts }) => {
  const made = { apiVersion: 'airspace.dev/v1' as const };
  const policy = policyIn([
    ...bundles.map(({ level, tenant, policies }) => ({
      ...made,
      kind: 'PolicyBundle' as const,
      metadata: { name: level, tenant, labels: {} },
      spec: { level, policies },
    })),
    ...facts.map(({ name, tenant, spec }) => ({
      ...made,
      kind: 'Fact' as const,
      metadata: { name, tenant, labels: {} },
      spec,
    })),
  ]);
  return { ...NO_POLICY, version: `sha256:${digestOf(policy).slice(0, 16)}` };
};

export const fact = (value: unknown, more: object = {}) => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'Fact',
  metadata: { name: 'rate' },
  spec: { for: [{ name: 'a' }], value, as: { type: 'object' }, ...more },
});

/** Nothing to say against it. */
const content: Examine = async ({ cases }) => ({
  problems: [],
  warnings: [],
  cases: [],
  proof: { cases: cases.length, covered: 0, rules: 0 },
});

export const bundle = (text: string, name = 'org') => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'PolicyBundle',
  metadata: { name },
  spec: { level: 'org', policies: { text } },
});

/** Every change widens, unless a test says otherwise. */
const everything: TrainParts['widenings'] = () => ['`org/all`: permit added'];

export const bench = async (given: Partial<TrainParts> = {}) => {
  const stores = memoryStores();
  const world = new VirtualWorld(1);
  const key = newNodeKey();
  const watch = new ReleaseWatch();
  const published: Snapshot[] = [];
  const logged: string[] = [];
  const shared = {
    store: stores.releases,
    compilePolicy,
    clock: world.clock,
    watch,
    log: (_: string, message: string) => void logged.push(message),
  };
  const { widenings = everything } = given;
  const make = (twoPerson = given.twoPerson ?? false) => {
    const plane = new ControlPlane({
      resources: stores.resources,
      nodes: stores.nodes,
      compilePolicy,
      clock: world.clock,
      publish: (snapshot) => void published.push(snapshot),
      trials: new ReleaseTrials({ ...shared, open: (record) => unseal(record.sealed, key.publicKey) }),
      ...(twoPerson ? { gate: twoPersonGate({ compilePolicy, widenings }) } : {}),
    });
    const train = new ReleaseTrain({
      ...shared,
      plane,
      key,
      resources: stores.resources,
      traces: stores.traces,
      calls: stores.calls,
      replayer: () => ({ take: () => [], tally: () => EMPTY }),
      widenings,
      examine: content,
      twoPerson: false,
      ...given,
    });
    return { plane, train };
  };
  const wish = (resources: readonly unknown[], by = 'user/ann') => ({
    tenant: 'default',
    resources,
    origins: resources.map((_, at) => `f.yaml:${at + 1}`),
    prune: false,
    by,
    rights: WHOLE_TENANT,
    reason: 'r',
  });
  const first = [agent('a'), bundle('one')];
  // Whoever was there before two persons were asked for.
  await make(false).plane.apply({ ...wish(first), dryRun: false });
  const { plane, train } = make();
  const apply = (...resources: readonly unknown[]) => plane.apply({ ...wish(resources), dryRun: false });
  const stageAll = async (resources: readonly unknown[], by?: string) =>
    (await train.stage({ ...wish(resources, by), cases: [] })).release;
  const stage = (text: string, by?: string) => stageAll([bundle(text)], by);
  const stateOf = async (id: string): Promise<ReleaseState> => (await train.get('default', id)).state;
  const activate = (id: string, percent: number) =>
    train.activate('default', id, { percent, by: 'user/ann', rights: WHOLE_TENANT, reason: '' });
  const policy = async () => policyIn((await stores.resources.list()).resources.map(({ resource }) => resource));
  const text = async () => (await policy()).bundles[0]?.spec.policies.text;
  const rate = async () => (await policy()).facts.find(({ metadata: { name } }) => name === 'rate')?.spec.value;
  return {
    world,
    stores,
    key,
    plane,
    train,
    make,
    watch,
    published,
    logged,
    wish,
    apply,
    stage,
    stageAll,
    stateOf,
    activate,
    text,
    rate,
  };
};

const EMPTY = { decisions: 0, same: 0, otherRules: 0, unknown: 0, unknownFor: {}, flips: 0, groups: [] };

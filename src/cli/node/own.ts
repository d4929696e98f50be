/**
 * What a domain hub governs itself: the configuration of its domain and of domains below, on the ground that its parent's snapshot
 * is. With an empty configuration it runs its parent's, as it is.
 */
import { join } from 'node:path';
import type { AuditTrail } from '../../audit/index.ts';
import type { ControlPort, NodeEntry, ReleasePort, Snapshot, Stores } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import {
  ControlPlane,
  compilingBelow,
  DomainStanding,
  type Draft,
  LastGood,
  type OwnPart,
  signDocument,
} from '../../control/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import { ApartCompiler } from '../../policy/apart/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { auditedControl, auditedReleases, auditedSteps } from './audited.ts';
import { fallbackRemarks } from './fallback.ts';
import { releases } from './releases.ts';

export interface OwnOptions {
  readonly dir: string;
  readonly node: NodeEntry;
  /** Id of the parent. */
  readonly parent: string;
  readonly key: NodeKey;
  readonly stores: Stores;
  readonly world: World;
  readonly logger: Logger;
  readonly trail: AuditTrail;
  readonly twoPerson: boolean;
  readonly flush: () => Promise<void>;
  /** Takes every composed snapshot. Must not throw. */
  readonly publish: (snapshot: Snapshot) => void;
}

export interface OwnGovernance {
  readonly control: ControlPlane;
  readonly configure: ControlPort;
  readonly releases: ReleasePort;
  readonly standing: DomainStanding;
  readonly train: ReturnType<ReturnType<typeof releases>['trainOver']>;
  /** The parent has spoken: what it says comes into force with what is ours. Rejects when the two cannot go together. */
  stand(above: Snapshot): Promise<void>;
  close(): Promise<void>;
}

export const ownGovernance = (options: OwnOptions): OwnGovernance => {
  const { dir, node, parent, key, stores, world, logger, trail } = options;
  const compiler = new ApartCompiler();
  const standing: DomainStanding = new DomainStanding({
    place: { tenant: node.tenant, domain: node.domain, node: node.id },
    parent,
    own: ownPart(join(dir, 'own'), key),
    noted: (left) => {
      for (const one of left) logger.log('warn', 'what is configured here is not in force', { reason: one });
    },
  });
  const compilePolicy = compilingBelow(compiler.compile, (names) => standing.widened(names));
  const { trainOver, ...asked } = releases({
    ...{ world, key, logger, compilePolicy, twoPerson: options.twoPerson, flush: options.flush },
    stores: { ...stores, releases: auditedSteps(stores.releases, trail) },
    below: { whole: (draft) => standing.on(draft), widened: (names) => standing.widened(names) },
  });
  const control = new ControlPlane({
    resources: stores.resources,
    nodes: stores.nodes,
    compilePolicy,
    remarksOn: fallbackRemarks,
    clock: world.clock,
    standing,
    ...asked,
    publish: options.publish,
  });
  const train = trainOver(control);
  return {
    control,
    train,
    standing,
    configure: auditedControl(control, trail),
    releases: auditedReleases(train, trail),
    stand: async (above) => {
      refuseLoop(node.id, above);
      standing.stand(above);
      await control.republish();
    },
    close: () => compiler.close(),
  };
};

/** Hubs that are each other's parents would pass every change around for ever. */
export const refuseLoop = (self: string, { above = [] }: Pick<Snapshot, 'above'>): void => {
  if (!above.some(({ hub }) => hub === self) && above.length < MOST_LEVELS) return;
  const way = [self, ...above.map(({ hub }) => hub)].slice(0, MOST_LEVELS).join(' -> ');
  throw new Fault('denied', `this hub stands above its own parent, or too deep: ${way}; join another parent`);
};

/** More hubs one above the other than any organisation has. */
const MOST_LEVELS = 16;

/** Signed like what is taken from above, so that nobody who can only write to the disk adds a rule. */
const ownPart = (dir: string, key: NodeKey): OwnPart => {
  const disk = new LastGood(dir, key.publicKey);
  return {
    load: async () => {
      const kept = await disk.load('snapshot');
      if (kept === undefined) return undefined;
      const { seq: _, revision: __, createdAtMs: ___, ...draft } = kept.document;
      return draft;
    },
    save: async (draft: Draft, revision: number) => {
      const document: Snapshot = { seq: revision + 1, revision, createdAtMs: 0, ...draft };
      await disk.keep('snapshot', signDocument('snapshot', document, key));
    },
  };
};

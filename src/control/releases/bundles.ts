/** The bundles of a tenant as people look them up: which there are, who changed them last, and what each said before. */
import {
  type BundleEntry,
  type BundleText,
  type BundleVersion,
  Fault,
  idOf,
  type PolicyOverview,
  type ResourceOf,
  type Revision,
  resourceKey,
  type StoredResource,
} from '../../contract/index.ts';
import { belonging } from '../belonging.ts';
import type { Draft } from '../compile.ts';
import type { Configuration } from '../configuration.ts';
import type { ReleaseBook } from './book.ts';
import type { TrainParts } from './parts.ts';
import { Remembered } from './remembered.ts';
import { policyOfRelease } from './seal.ts';
import { compileTenant } from './tenant.ts';

export const textOf = ({ metadata: { name }, spec }: ResourceOf<'PolicyBundle'>): BundleText => ({
  name,
  level: spec.level,
  policies: spec.policies.text,
  limits: spec.limits?.text ?? null,
});

export class Bundles {
  readonly #parts: TrainParts;
  readonly #book: ReleaseBook;
  readonly #overviews = new Remembered<PolicyOverview>();

  constructor(parts: TrainParts, book: ReleaseBook) {
    this.#parts = parts;
    this.#book = book;
  }

  async overview(tenant: string): Promise<PolicyOverview> {
    const { plane } = this.#parts;
    const stored = await plane.list({ tenant });
    return this.#overviews.of(tenant, stored, plane.snapshot?.seq ?? 0, () => this.#lookAt(tenant, stored));
  }

  async #lookAt(tenant: string, stored: readonly StoredResource[]): Promise<PolicyOverview> {
    const { compilePolicy, twoPerson } = this.#parts;
    const configuration: Configuration = new Map(stored.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
    const draft = await compileTenant(configuration, tenant, compilePolicy);
    const stewards = stewardsOf(configuration, draft);
    const items = await Promise.all(stored.flatMap((one) => (isBundle(one) ? [this.#entry(one, stewards)] : [])));
    return { active: draft.policy.version, twoPerson, items };
  }

  async #entry(stored: StoredBundle, stewards: (level: string) => readonly string[]): Promise<BundleEntry> {
    const { resource, version, revision } = stored;
    const [last] = await this.#parts.resources.history(1, resourceKey(idOf(resource)));
    const { atMs = 0, by = '', reason = '' } = last ?? {};
    const { level } = resource.spec;
    const { name, owner = '' } = resource.metadata;
    return { name, level, owner, stewards: stewards(level), version, revision, atMs, by, reason };
  }

  /** Throws `not_found`. */
  async versions(tenant: string, name: string, limit: number): Promise<readonly BundleVersion[]> {
    const { plane, resources } = this.#parts;
    const [present] = await plane.list({ tenant, kind: 'PolicyBundle', name });
    if (present === undefined)
      throw new Fault(
        'not_found',
        `there is no PolicyBundle \`${name}\`; \`airspace get policies\` shows those that are`,
      );
    const id = idOf(present.resource);
    const revisions = await resources.history(limit, resourceKey(id));
    const numbers = Array.from({ length: Math.min(limit, present.version) }, (_, at) => present.version - at);
    const found = await Promise.all(numbers.map((version) => resources.version(id, version)));
    const brought = new Map(revisions.map((revision) => [revision.revision, revision]));
    return Promise.all(
      // A version that took the bundle away has no text.
      found.flatMap((one) =>
        one !== undefined && isBundle(one) ? [this.#version(one, brought.get(one.revision))] : [],
      ),
    );
  }

  async #version({ resource, version, revision }: StoredBundle, brought: Revision | undefined): Promise<BundleVersion> {
    const { atMs = 0, by = '', reason = '', rollbackOf = null } = brought ?? {};
    const text = textOf(resource);
    const release = await this.#releaseOf(resource, reason);
    return { ...text, version, revision, atMs, by, reason, rollbackOf, release };
  }

  /** Reasons are words of people: a release counts only when it holds this very text. */
  async #releaseOf(bundle: ResourceOf<'PolicyBundle'>, reason: string): Promise<BundleVersion['release']> {
    const { tenant, name } = bundle.metadata;
    const named = /^policy release (sha256:[0-9a-f]{16})(?=:|$)/.exec(reason)?.[1];
    const record = named === undefined ? undefined : await this.#parts.store.get(tenant, named);
    if (record === undefined) return null;
    const content = this.#book.open(record);
    const held = content.bundles.find(({ metadata }) => metadata.name === name);
    if (held === undefined || JSON.stringify(textOf(held)) !== JSON.stringify(textOf(bundle))) return null;
    const { id, author, reason: why, proof = null, widening } = content;
    return { id, author, reason: why, approvedBy: record.approvedBy, proof, widening };
  }

  /** Throws `not_found`. */
  async texts(tenant: string, id: string): Promise<readonly BundleText[]> {
    const record = await this.#book.find(tenant, id);
    return policyOfRelease(this.#book.open(record)).bundles.map(textOf);
  }
}

type StoredBundle = StoredResource & { readonly resource: ResourceOf<'PolicyBundle'> };

const isBundle = (stored: StoredResource): stored is StoredBundle => stored.resource.kind === 'PolicyBundle';

const stewardsOf = (configuration: Configuration, draft: Draft): ((level: string) => readonly string[]) => {
  const people = [...configuration.values()].flatMap((resource) => {
    if (resource.kind !== 'User' || resource.spec.administers === undefined) return [];
    const { name, tenant } = resource.metadata;
    return [{ name, theirs: belonging({ kind: 'domains', tenant, domains: resource.spec.administers }, draft) }];
  });
  return (level) => people.flatMap(({ name, theirs }) => (theirs.domain(level) ? [name] : []));
};

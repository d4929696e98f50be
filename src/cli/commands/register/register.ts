/** `airspace register`: an address in, a resource out, applied like every other; the next steps at the end. */
import type { ApplyResult, ResourceDiff, StoredResource, TargetKind } from '../../../contract/index.ts';
import type { TargetResource } from '../../../discovery/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { diffText, printChanges } from '../apply.ts';
import { mergedWith } from './merge.ts';
import { asked, byHand, type Discovered, type RegisterOptions } from './question.ts';
import { foundText, nextSteps, summary, triedText } from './say.ts';
import { yamlOf } from './yaml.ts';

export interface What {
  readonly kind: TargetKind | undefined;
  readonly url: string | undefined;
}

export const register = async (context: Context, what: What, options: RegisterOptions): Promise<number> => {
  const proposed = what.url === undefined ? byHand(what.kind, options) : await found(context, what, options);
  const admin = await context.admin();
  const { tenant } = await admin.get<{ tenant: string }>('/v1/whoami');
  const stored = await Promise.all(proposed.map((resource) => storedOf(context, resource)));
  const resources = proposed.map((resource, at) => mergedWith(stored[at], resource));
  if (options.print === true) {
    await context.out.one(resources.length === 1 ? resources[0] : resources, () => yamlOf(resources));
    return EXIT.ok;
  }
  context.out.note(`\n${summary(resources)}`);
  await confirmDifference(context, resources, stored, options);
  const result = await admin.post<ApplyResult>('/v1/resources:apply', {
    resources,
    dryRun: options.dryRun ?? false,
    // Nothing that changed since it was looked at is overwritten.
    ifVersions: Object.fromEntries(resources.map((one, at) => [`${tenant}/${keyOf(one)}`, stored[at]?.version ?? 0])),
    reason: options.reason ?? `register ${what.url ?? 'by hand'}`,
  });
  await printChanges(context, result, options.dryRun ?? false);
  context.out.note(nextSteps(admin.url, resources));
  return EXIT.ok;
};

const found = async (context: Context, what: What, options: RegisterOptions): Promise<readonly TargetResource[]> => {
  const { out } = context;
  const admin = await context.admin();
  const discovered = await admin.post<Discovered>('/v1/discover', asked(what.kind, what.url ?? '', options));
  out.note(triedText(discovered.tried));
  const { found: it, proposal, wants } = discovered;
  if (it === null || proposal === null) throw nothing(what, wants);
  out.note(`\n${foundText(it)}`);
  for (const warning of [...it.warnings, ...proposal.warnings]) out.note(`warning: ${clean(warning)}`);
  if (proposal.missing === '') return proposal.resources;
  // Which names there are is said above.
  throw usage(clean(proposal.missing), 'the same with it');
};

const nothing = (
  {
    url = '',
    kind = 'target',
  }: { readonly url?: string | undefined; readonly kind?: TargetKind | 'target' | undefined },
  wants: readonly string[],
): Failure =>
  new Failure(EXIT.notFound, `nothing that Airspace can speak to was found at ${clean(url)}`, {
    code: 'not_found',
    ...(wants.length === 0
      ? {
          try: `the address of the ${kind} itself, or --protocol with --name and --operation for one that only a sidecar reaches`,
        }
      : {
          because: `it wants a credential: ${clean(wants.join('; '))}`,
          try: 'airspace secret set <name> --for <origin>, then the same with --secret <name>',
        }),
  });

const keyOf = ({ kind, metadata }: TargetResource): string => `${kind}/${metadata.name}`;

const storedOf = async (context: Context, { kind, metadata }: TargetResource): Promise<StoredResource | undefined> => {
  const query = { kind, name: metadata.name };
  return (await (await context.admin()).get<{ items: StoredResource[] }>('/v1/resources', query)).items[0];
};

/** What is there already may have callers: they see what becomes of it before it does. */
const confirmDifference = async (
  { admin, confirm, out }: Context,
  resources: readonly TargetResource[],
  stored: readonly (StoredResource | undefined)[],
  { yes = false, dryRun = false }: RegisterOptions,
): Promise<void> => {
  if (stored.every((one) => one === undefined)) return;
  const { items } = await (await admin()).post<{ items: ResourceDiff[] }>('/v1/resources:diff', { resources });
  const changed = items.filter(({ change }) => change !== 'none');
  out.note(`\n${diffText(changed, out.paint)}`);
  if (changed.some(({ change }) => change === 'update') && !dryRun)
    await confirm(`change ${changed.map(({ key }) => clean(key.replace(/^[^/]*\//, ''))).join(', ')}`, yes);
};

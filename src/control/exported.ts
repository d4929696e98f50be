/**
 * Resources that a domain hub exported: the hub alone says what they can do, and whoever looks after the configuration here labels
 * them, because labels are what the levels here decide by. Pure.
 */
import type { Resource, ResourceDiff, Rights } from '../contract/index.ts';

type Change = Pick<ResourceDiff, 'key' | 'change' | 'before' | 'after' | 'paths'>;

/** One sentence for every change of an exported resource by somebody else than its exporter, and of anything else by an exporter. */
export const exportProblems = (
  rights: Rights,
  changes: readonly Change[],
  originOf: (key: string) => string,
): readonly string[] => {
  const exporter = rights.kind === 'domains' ? rights.exporter : undefined;
  return changes
    .filter(({ change }) => change !== 'none')
    .flatMap((change) => {
      const problem = exporter === undefined ? byPeople(change) : byExporter(change, exporter);
      return problem === undefined ? [] : [`${originOf(change.key)}: ${labelOf(change)}: ${problem}`];
    });
};

const byExporter = ({ before, after }: Change, exporter: string): string | undefined => {
  const owner = before?.metadata.exportedBy;
  if (before !== null && owner === undefined)
    return `the name is taken: it is declared at the parent${whereOf(before)}`;
  if (owner !== undefined && owner !== exporter)
    return `the name is taken: \`${owner}\` exports it${whereOf(before)}; it can be exported once`;
  return after !== null && after.metadata.exportedBy !== exporter ? 'is not what this hub exports' : undefined;
};

const byPeople = ({ before, after, paths }: Change): string | undefined => {
  if (before === null)
    return after?.metadata.exportedBy === undefined ? undefined : 'only a domain hub exports; leave out `exportedBy`';
  const owner = before.metadata.exportedBy;
  if (owner === undefined)
    return after?.metadata.exportedBy === undefined ? undefined : 'only a domain hub exports; leave out `exportedBy`';
  if (after === null || paths.every((path) => LABELS.test(path))) return undefined;
  return `\`${owner}\` exports it, and only its labels can be changed here; change the rest at that hub, or take another name`;
};

const LABELS = /^metadata\.labels(?=[.[]|$)/;

const whereOf = (resource: Resource | null): string =>
  resource?.metadata.domain === undefined ? '' : `, in domain \`${resource.metadata.domain}\``;

const labelOf = ({ before, after }: Change): string => {
  const { kind, metadata } = (before ?? after)!;
  return `${kind} \`${metadata.name}\``;
};

/** A configuration as lint wants it: the texts of its policies, and everything that they may be about. */
import type { Snapshot } from '../contract/index.ts';
import { type Configuration, compile, type Draft, type PolicyText, type PolicyWorld } from '../control/index.ts';
import type { LintInput } from '../policy/index.ts';

export interface Gathered {
  readonly bundles: readonly PolicyText[];
  readonly world: PolicyWorld;
  readonly draft: Draft;
}

/** The compiler of the configuration, stopped before the policy. */
export const gather = async (configuration: Configuration, originOf?: (key: string) => string): Promise<Gathered> => {
  let seen: Omit<Gathered, 'draft'> | undefined;
  const draft = await compile(
    configuration,
    async (bundles, world) => {
      seen = { bundles, world };
      return NO_POLICY;
    },
    originOf,
  );
  return { ...(seen as Omit<Gathered, 'draft'>), draft };
};

const NO_POLICY: Snapshot['policy'] = { version: '', cedar: '', actionParents: {}, arguments: [], levels: [] };

/** Levels as `levelOf` names them: what is wrong in others is not the author's to hear now. */
export const lintInputOf = ({ bundles, world, draft }: Gathered, levels: ReadonlySet<string>): LintInput => ({
  bundles: bundles.filter(({ tenant, level }) => levels.has(levelOf(tenant, level))),
  names: world,
  targets: draft.targets,
  domains: draft.domains,
});

export const levelOf = (tenant: string, level: string): string => `${tenant}/${level}`;

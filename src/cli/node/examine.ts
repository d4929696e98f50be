/** What a hub holds against a policy before it may be staged: what lint says of it, and the cases that came along. */
import { belonging, type CompilePolicy, type Draft, type Examine, type PolicyWorld } from '../../control/index.ts';
import { examine } from '../../policy/apart/index.ts';
import type { Finding } from '../../policy/index.ts';
import { casesIn } from '../case-file.ts';
import { gather, levelOf, lintInputOf } from '../gather.ts';

/** A configuration as it is with what is above it. */
export interface Below {
  whole(draft: Draft): Draft;
  /** Names that rules may be about. */
  widened(world: PolicyWorld): PolicyWorld;
}

export const ROOT: Below = { whole: (draft) => draft, widened: (world) => world };

/** `compilePolicy` answers from what it has just checked. */
export const examineWith =
  (compilePolicy: CompilePolicy, below: Below = ROOT): Examine =>
  async ({ configuration, tenant, rights, levels, cases, originOf }) => {
    const given = casesIn(cases, { configuration, tenant });
    const own = await gather(configuration, originOf);
    const alone = await compilePolicy(own.bundles, own.world);
    const draft = below.whole({ ...own.draft, policy: alone });
    const gathered = { ...own, world: below.widened(own.world), draft };
    const { targets, domains, policy, teams = [] } = draft;
    const judged = new Set([...levels].map((level) => levelOf(tenant, level)));
    const theirs = belonging(rights, gathered.draft);
    // What a change of their levels cannot touch is not theirs to ask about either.
    const theirCases = given.filter(({ principal, target }) => theirs.call({ tenant, principal, target }));
    const { findings, proof } = await examine({
      lint: lintInputOf(gathered, judged),
      world: { policy, targets, domains, teams },
      cases: theirCases,
    });
    return {
      problems: findings.filter(({ severity }) => severity === 'error').map(lineOf),
      cases: proof.results.map(({ case: { name, origin }, problems }) => ({ name, origin, problems })),
      warnings: [
        ...findings.filter(({ severity }) => severity === 'warning').map(lineOf),
        ...(theirCases.length < given.length ? [foreign(given.length - theirCases.length)] : []),
        ...(theirCases.length === 0 ? [NO_CASES] : []),
      ],
      proof: { cases: theirCases.length, covered: proof.rules - proof.unreached.length, rules: proof.rules },
    };
  };

const NO_CASES = 'no cases: nothing beside these policies says what they are meant to do';

const foreign = (count: number): string =>
  `${count} ${count === 1 ? 'case is' : 'cases are'} about nobody in a domain that you administer, and not decided`;

const lineOf = ({ rule, file, line, column, policy, message }: Finding): string => {
  const at = line === 0 ? file : `${file}:${line}:${column}`;
  return `${at}: [${rule}] ${policy === '' ? '' : `policy \`${policy}\`: `}${message}`;
};

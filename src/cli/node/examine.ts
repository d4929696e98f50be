/** What a hub holds against a policy before it may be staged: what lint says of it, and the cases that came along. */
import { belonging, type Examine } from '../../control/index.ts';
import { examine } from '../../policy/apart/index.ts';
import type { CompilePolicy, Finding, Proof } from '../../policy/index.ts';
import { casesIn } from '../case-file.ts';
import { gather, levelOf, lintInputOf } from '../gather.ts';

/** `compilePolicy` answers from what it has just checked. */
export const examineWith =
  (compilePolicy: CompilePolicy): Examine =>
  async ({ configuration, tenant, rights, levels, cases, originOf }) => {
    const given = casesIn(cases, { configuration, tenant });
    const gathered = await gather(configuration, originOf);
    const { targets, domains, teams = [] } = gathered.draft;
    const policy = await compilePolicy(gathered.bundles, gathered.world);
    const judged = new Set([...levels].map((level) => levelOf(tenant, level)));
    const theirs = belonging(rights, gathered.draft);
    // What a change of their levels cannot touch is not theirs to ask about either.
    const own = given.filter(({ principal, target }) => theirs.call({ tenant, principal, target }));
    const { findings, proof } = await examine({
      lint: lintInputOf(gathered, judged),
      world: { policy, targets, domains, teams },
      cases: own,
    });
    return {
      problems: [...findings.filter(({ severity }) => severity === 'error').map(lineOf), ...failuresIn(proof)],
      warnings: [
        ...findings.filter(({ severity }) => severity === 'warning').map(lineOf),
        ...(own.length < given.length ? [foreign(given.length - own.length)] : []),
        ...(own.length === 0 ? [NO_CASES] : []),
      ],
      proof: { cases: own.length, covered: proof.rules - proof.unreached.length, rules: proof.rules },
    };
  };

const NO_CASES = 'no cases: nothing beside these policies says what they are meant to do';

const foreign = (count: number): string =>
  `${count} ${count === 1 ? 'case is' : 'cases are'} about nobody in a domain that you administer, and not decided`;

const lineOf = ({ rule, file, line, column, policy, message }: Finding): string => {
  const at = line === 0 ? file : `${file}:${line}:${column}`;
  return `${at}: [${rule}] ${policy === '' ? '' : `policy \`${policy}\`: `}${message}`;
};

const failuresIn = ({ results }: Proof): readonly string[] =>
  results.flatMap(({ case: { name, origin }, problems }) =>
    problems.length === 0 ? [] : [`${origin}: case \`${name}\`: ${problems.join('; ')}`],
  );

/**
 * `npm run conformance:mcp`: the official suite against a server alone and through a hub, a sidecar and a tree of hubs, case by case.
 * Exit code 1 when anything differs. Arguments narrow it: `hub`, `mesh`, `hierarchy`, `client`.
 */
import { TOPOLOGIES } from '../../src/cli/deploy.ts';
import { type Compared, clientLegs, serverLeg, VERSIONS, whyLeftOut } from './legs.ts';
import { clientScenarios, counted, isSuiteThere } from './suite.ts';

const wanted = process.argv.slice(2);
const isWanted = (leg: string): boolean => wanted.length === 0 || wanted.includes(leg);

const counts = (verdicts: Compared['here']): string =>
  Object.entries(counted(verdicts))
    .map(([status, count]) => `${count} ${status.toLowerCase()}`)
    .join(', ');

let differing = 0;
const report = ({ leg, alone, here, differences }: Compared): void => {
  differing += differences.length;
  console.log(`${differences.length === 0 ? 'same' : 'DIFFERENT'}  ${leg}: ${counts(here)} (alone ${counts(alone)})`);
  for (const difference of differences) console.log(`    ${difference}`);
};

if (!isSuiteThere()) {
  console.error('the official suite is not installed: npm install');
  process.exit(1);
}
for (const topology of TOPOLOGIES)
  if (isWanted(topology))
    for (const one of await serverLeg(
      topology,
      VERSIONS.map((version) => ['--requirements', version]),
    ))
      report(one);
if (isWanted('client')) {
  const leftOut = new Map<string, string[]>();
  for (const scenario of await clientScenarios()) {
    const why = whyLeftOut(scenario);
    if (why === undefined) for (const one of await clientLegs(TOPOLOGIES, scenario)) report(one);
    else leftOut.set(why, [...(leftOut.get(why) ?? []), scenario.name]);
  }
  for (const [why, names] of leftOut)
    console.log(`left out  client, ${names.length} scenarios, because ${why}: ${names.join(', ')}`);
}
console.log(differing === 0 ? 'nothing differs' : `${differing} verdicts differ`);
process.exit(differing === 0 ? 0 : 1);

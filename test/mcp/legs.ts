/** The ways over which the official suite is run: a server alone, and the same server through Airspace. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Topology } from '../../src/cli/deploy.ts';
import { type Fixture, startFixture } from './fixture.ts';
import { startRelay } from './relay.ts';
import { startScene, toolOf, untilReached } from './scene.ts';
import { differences, runSuite, type Scenario, type Verdicts } from './suite.ts';

export const VERSIONS = ['2026-07-28', '2025-11-25'] as const;

/** What is not asked of our upstream, and why. It passes nothing there, and fails nothing. */
const LEFT_OUT: readonly { readonly which: (scenario: Scenario) => boolean; readonly why: string }[] = [
  {
    which: ({ name }) => name.startsWith('auth/'),
    why: 'our upstream logs in nowhere: it shows a server the secret that it was configured with',
  },
  {
    which: ({ versions }) => versions.includes('extension'),
    why: 'it is about an extension that applications use and an upstream only carries',
  },
  {
    which: ({ versions }) => !VERSIONS.some((version) => versions.includes(version)),
    why: `it is about versions older than ${VERSIONS.at(-1)}, which are spoken in the same way`,
  },
];

export const whyLeftOut = (scenario: Scenario): string | undefined =>
  LEFT_OUT.find(({ which }) => which(scenario))?.why;

export interface Compared {
  readonly leg: string;
  readonly alone: Verdicts;
  readonly here: Verdicts;
  readonly differences: readonly string[];
}

const compared = (leg: string, alone: Verdicts, here: Verdicts): Compared => ({
  ...{ leg, alone, here },
  // Nothing at all is no agreement.
  differences:
    alone.byCase.size === 0 ? [`the suite did not run: ${alone.output.slice(0, 2_000)}`] : differences(alone, here),
});

/** What the suite says of a server: `which` as the suite takes it, such as a set of requirements or one scenario. */
export const serverLeg = async (
  topology: Topology,
  which: readonly (readonly string[])[],
): Promise<readonly Compared[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-mcp-leg-'));
  const fixture: Fixture = await startFixture();
  await using held = new AsyncDisposableStack();
  held.defer(() => rmSync(dir, { recursive: true, force: true }));
  held.defer(() => fixture.stop());
  const scene = await startScene(topology, dir, [await toolOf('fixture', fixture.url)]);
  held.defer(() => scene.stop());
  await untilReached(scene.alice, 'fixture', 'test_simple_text');
  const relay = await startRelay(scene.alice.url, scene.alice.key);
  held.defer(() => relay.stop());
  const found: Compared[] = [];
  for (const args of which) {
    const run = (url: string): Promise<Verdicts> => runSuite(['server', '--url', url, ...args]);
    const [alone, here] = await Promise.all([run(`${fixture.url}/mcp`), run(`${relay.url}/mcp/fixture`)]);
    found.push(compared(`${topology} ${args.at(-1)}`, alone, here));
  }
  return found;
};

const DRIVER = `"${process.execPath}" "${fileURLToPath(new URL('driver.ts', import.meta.url))}"`;

/** What the suite says of our upstream: the same application alone, and with nodes in front of the server. */
export const clientLegs = async (
  topologies: readonly Topology[],
  { name, versions }: Scenario,
): Promise<readonly Compared[]> => {
  const found: Compared[] = [];
  for (const version of VERSIONS.filter((one) => versions.includes(one))) {
    const args = ['client', '--command', DRIVER, '--scenario', name, '--spec-version', version];
    const alone = await runSuite(args);
    for (const topology of topologies) {
      const here = await runSuite(args, { ...process.env, VIA: topology });
      found.push(compared(`client ${topology} ${version} ${name}`, alone, here));
    }
  }
  return found;
};

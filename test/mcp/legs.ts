/** The ways over which the official suite is run: a server alone, and the same server through Airspace. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Topology } from '../../src/cli/deploy.ts';
import { type Fixture, startFixture } from './fixture.ts';
import { startRelay } from './relay.ts';
import { startScene, toolOf, untilReached } from './scene.ts';
import { differences, runSuite, type Verdicts } from './suite.ts';

export const VERSIONS = ['2026-07-28', '2025-11-25'] as const;

/** Of those for clients: all that are not about logging in, which a target of ours does with the secret that it was given. */
export const CLIENT_SCENARIOS: readonly (readonly [version: string, scenario: string])[] = [
  ['2026-07-28', 'tools_call'],
  ['2026-07-28', 'request-metadata'],
  ['2026-07-28', 'sep-2322-client-request-state'],
  ['2026-07-28', 'http-standard-headers'],
  ['2026-07-28', 'http-custom-headers'],
  ['2026-07-28', 'http-invalid-tool-headers'],
  ['2026-07-28', 'json-schema-ref-no-deref'],
  ['2025-11-25', 'initialize'],
  ['2025-11-25', 'tools_call'],
  ['2025-11-25', 'elicitation-sep1034-client-defaults'],
  ['2025-11-25', 'sse-retry'],
];

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

/** What the suite says of our upstream: the same application, with and without a hub in front of the server. */
export const clientLeg = async (version: string, scenario: string): Promise<Compared> => {
  const args = ['client', '--command', DRIVER, '--scenario', scenario, '--spec-version', version];
  const [alone, here] = await Promise.all([runSuite(args), runSuite(args, { ...process.env, VIA: 'hub' })]);
  return compared(`client ${version} ${scenario}`, alone, here);
};

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ApplyRequest, type Snapshot, WHOLE_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { compilePolicy } from '../policy/index.ts';
import { memoryStores } from '../stores/index.ts';
import { faultOf } from './fixture.ts';
import { ControlPlane } from './plane.ts';
import { readSources, sourcesOfText } from './source.ts';

const YAML = `apiVersion: airspace.dev/v1
kind: Domain
metadata: {name: sales}
spec: {}
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: {name: seller, domain: sales}
spec:
  operations: [{name: ask, effect: read}]
---
apiVersion: airspace.dev/v1
kind: Key
metadata: {name: seller-1}
spec: {principal: {kind: agent, name: seller}, secretHash: "${mintKey('seller-1').secretHash}"}
---
apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: {name: org}
spec:
  level: org
  policies: {file: org.cedar}
`;
const GOOD = '@id("all")\n@reason("everybody may call everybody")\npermit (principal, action, resource);\n';

test('files to snapshot with the real policy compiler, and a mistake in a policy names its file and keeps everything out', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-whole-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'all.yaml'), YAML);
  const published: Snapshot[] = [];
  const { resources, nodes } = memoryStores();
  const { clock } = new VirtualWorld(1);
  const plane = new ControlPlane({
    resources,
    nodes,
    compilePolicy,
    clock,
    publish: (snapshot) => void published.push(snapshot),
  });
  const apply = async () => {
    const sources = await readSources([dir]);
    const request: ApplyRequest = {
      ...sources,
      tenant: 'default',
      by: 'ada',
      rights: WHOLE_TENANT,
      reason: '',
      dryRun: false,
      prune: false,
    };
    return plane.apply(request);
  };

  await writeFile(join(dir, 'org.cedar'), GOOD.replace('permit', 'permitt'));
  const fault = await faultOf(apply());
  assert.equal(fault.code, 'bad_request');
  assert.match((fault.facts['problems'] as readonly string[])[0]!, /org\.cedar:3/);
  assert.deepEqual([published, (await resources.list()).revision], [[], 0]);

  await writeFile(join(dir, 'org.cedar'), GOOD);
  const result = await apply();
  assert.deepEqual([result.revision, result.snapshotSeq], [1, 1]);
  const [snapshot] = published;
  assert.match(snapshot!.policy.version, /^sha256:[0-9a-f]{16}$/);
  assert.deepEqual(
    snapshot!.policy.levels.map(({ level, policies }) => [level, policies[0]!.id]),
    [['org', 'all']],
  );
  assert.equal(snapshot!.keys[0]!.principal.domain, 'sales');
});

test('a mistake in policy text inside a resource names the file of the resource', async () => {
  const { resources, nodes } = memoryStores();
  const { clock } = new VirtualWorld(1);
  const plane = new ControlPlane({ resources, nodes, compilePolicy, clock, publish: () => {} });
  const text = GOOD.replace('permit', 'permitt').replaceAll('\n', '\n      ');
  const yaml = `
apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: {name: org}
spec:
  level: org
  policies:
    text: |
      ${text}
`;
  const sources = sourcesOfText(yaml, 'inline.yaml');
  const fault = await faultOf(
    plane.apply({
      ...sources,
      tenant: 'default',
      by: 'ada',
      rights: WHOLE_TENANT,
      reason: '',
      dryRun: false,
      prune: false,
    }),
  );
  assert.match(fault.message, /^inline\.yaml:2: PolicyBundle `org`: spec\.policies\.text:3:\d+: /);
});

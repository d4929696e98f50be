/** What the dashboard says that one may not do in Policies is what the routes of the hub say, for every role; no browser needed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Deed, whyNot } from '../../dashboard/src/policies/may.ts';
import { adminRolesOf } from '../../src/contract/index.ts';
import { ROUTES } from '../../src/doors/admin/index.ts';

/** What each deed asks of the hub. */
const ASKS: Readonly<Record<Deed, string>> = {
  diagnose: '/v1/policy/diagnose',
  check: '/v1/policy/releases:check',
  stage: '/v1/policy/releases',
  replay: '/v1/policy/releases:replay',
  approve: '/v1/policy/releases/{hex}:approve',
  move: '/v1/policy/releases/{hex}:activate',
};

test('who may not is told what the routes of the hub say, for every role', () => {
  for (const [deed, path] of Object.entries(ASKS) as [Deed, string][]) {
    const route = ROUTES.find((one) => one.method === 'POST' && one.path === path);
    assert.ok(route?.proof === 'key');
    const least = [route.access.least].flat();
    for (const role of ['viewer', 'operator', 'developer', 'policy-admin', 'approver', 'auditor', 'admin'] as const) {
      const holds = [...adminRolesOf({ roles: [role] })];
      const may = holds.some((one) => (least as readonly string[]).includes(one));
      assert.equal(whyNot({ holds, administers: [] }, deed) === undefined, may, `${role} ${deed}`);
    }
    const steward = whyNot({ holds: [], administers: ['money'] }, deed) === undefined;
    assert.equal(steward, route.access.domains === true, deed);
  }
  assert.match(whyNot({ holds: ['viewer'], administers: [] }, 'stage') ?? '', /role `developer` or `policy-admin`/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADMIN_ROLES, adminRolesOf, HOLDS, KEY_SCOPES } from './access.ts';

test('what somebody may do is what role and scope both let them', () => {
  for (const role of ADMIN_ROLES)
    for (const scope of KEY_SCOPES) {
      const both = adminRolesOf({ roles: [role], scopes: [scope] });
      const all = adminRolesOf({ roles: [role] });
      for (const held of both) assert.ok(all.has(held), `${role} narrowed to ${scope} gained ${held}`);
      const open = adminRolesOf({ roles: ['admin'], scopes: [scope] });
      assert.deepEqual(both, all.intersection(open), `${role} with ${scope}`);
    }
});

test('roles that are not ours open nothing here', () => {
  for (const role of ['refunder', 'Admin', '__proto__', 'constructor', ''])
    assert.equal(adminRolesOf({ roles: [role] }).size, 0, role);
});

test('an auditor reads who did what and holds no other role, and only administrators hold all', () => {
  assert.deepEqual(HOLDS.auditor, ['auditor']);
  for (const role of ADMIN_ROLES)
    assert.equal(HOLDS[role].includes('admin'), role === 'admin' || role === 'tenant-admin', role);
});

/** The audit log in a real browser over a real hub: found, read, verified, taken along, and closed to those who may not read it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { ChainVerifier, parseRecord } from '../../src/audit/index.ts';
import { chromiumMissing, launch } from './chromium.ts';
import { recordAt } from './hostile-records.ts';
import { type House, startHouse } from './house.ts';
import { asking, axeInBoth, entering } from './visits.ts';

const missing = chromiumMissing();

describe('the audit in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let house: House;
  let browser: Browser;
  const enter = entering(() => ({ browser, house }));
  const ask = asking(() => house);

  before(async () => {
    await buildDashboard();
    [house, browser] = await Promise.all([startHouse(), launch()]);
    for (let n = 0; n < 3; n++) await house.call('look', `{"n":${n}}`);
    await house.call('wipe', '{}');
    await ask('ada', '/v1/resources:apply', { resources: [LIMIT], origins: ['test'], reason: 'less for the shop' });
  });
  after(async () => {
    await browser?.close();
    await house?.[Symbol.asyncDispose]();
  });

  test('the keyboard leads through the audit to what a change was, and all of it is in the address', async () => {
    await using watched = await enter('ada', '/ui/audit');
    const { page, odd } = watched;
    await page.waitForSelector('.rows .entry:has-text("config.applied")');
    await page.waitForSelector('.proof:has-text("not checked since")');
    assert.deepEqual(await axeInBoth(page), [], 'audit');
    await page.keyboard.press('/');
    await page.keyboard.type('user/ada');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.rows .entry:only-child');
    assert.match(page.url(), /actor=user%2Fada/);
    await page.keyboard.press('j');
    await page.waitForSelector('.changed:has-text("Budget/shop-day") .lines .new:has-text("0.05 USD")');
    assert.match((await page.locator('.changed').textContent()) ?? '', /v1 → v2/);
    assert.match(page.url(), /sel=\d+/);
    assert.deepEqual(await axeInBoth(page), [], 'a record');
    await page.reload();
    await page.waitForSelector('.lines .gone:has-text("0.10 USD")');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.changed', { state: 'detached' });
    await page.goto(`${house.url}/ui/audit?from=yesterday`);
    await page.waitForSelector('.trail-filter .bad:has-text("2026-11-27 08:00")');
    assert.deepEqual(odd, []);
  });

  test('the file that the page gives is the chain, whole and in order', async () => {
    await using watched = await enter('ada', '/ui/audit');
    const { page, odd } = watched;
    await page.waitForSelector('.rows .entry');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export JSONL' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n');
    const verifier = new ChainVerifier('default');
    for (const [at, line] of lines.entries())
      assert.equal(verifier.take(parseRecord(line, `line ${at + 1}`)), undefined);
    assert.ok(verifier.verified.records >= 5);
    assert.deepEqual(odd, []);
  });

  test('the hub reads its chain when it is asked to, and names the record that was touched', async () => {
    await using watched = await enter('ada', '/ui/audit');
    const { page, odd } = watched;
    await page.getByRole('button', { name: 'Verify chain' }).click();
    await page.waitForSelector('.proof:has-text("chain ok")');
    await page.waitForSelector('.rows .entry .ok:has-text("ok")');
    const db = new DatabaseSync(join(house.dir, 'control.db'));
    db.exec(`update audit set body = replace(body, 'agent/shop', 'agent/eve') where seq = 3`);
    db.close();
    await page.getByRole('button', { name: 'Verify chain' }).click();
    await page.waitForSelector('.proof .bad:has-text("changed")');
    assert.match((await page.locator('.proof').textContent()) ?? '', /at record 3: record 3 is not what was written/);
    await page.waitForSelector('.rows .entry .bad:has-text("broken")');
    assert.deepEqual(await axeInBoth(page), [], 'a broken chain');
    assert.deepEqual(odd, []);
  });

  test('a hundred thousand records are asked for page by page, and less than a hundred are in the page', async () => {
    await using watched = await enter('ada', '/ui/requests');
    const { page, odd } = watched;
    const asked: number[] = [];
    await page.route('**/v1/audit/head*', (route) =>
      route.fulfill({ json: { tenant: 'default', seq: 100_000, hash: 'f'.repeat(64) } }),
    );
    await page.route('**/v1/audit/records*', (route) => {
      const query = new URL(route.request().url()).searchParams;
      const [from, limit] = [Number(query.get('from')), Number(query.get('limit'))];
      asked.push(from);
      return route.fulfill({
        json: { items: Array.from({ length: limit }, (_, at) => recordAt(from + at, 'plain')) },
      });
    });
    await page.goto(`${house.url}/ui/audit`);
    await page.waitForSelector('.entry:has-text("99999")');
    assert.equal(await page.locator('.table-body').getAttribute('aria-rowcount'), '100000');
    await page.keyboard.press('End');
    await page.waitForSelector('.entry.selected, .rows .entry:has-text("what-1")');
    assert.ok((await page.locator('.rows .entry').count()) < 100);
    assert.ok(asked.length < 12, `${asked.length} pages`);
    assert.deepEqual(odd, []);
  });

  test('who may not read the audit is told who may', async () => {
    await using watched = await enter('vera', '/ui/audit');
    await watched.page.waitForSelector('.state:has-text("Not for you to see")');
    assert.match((await watched.page.locator('.state').textContent()) ?? '', /role `operator` or `auditor`/);
    assert.deepEqual(watched.odd, []);
  });
});

const LIMIT = {
  ...{ apiVersion: 'airspace.dev/v1', kind: 'Budget', metadata: { name: 'shop-day' } },
  spec: { scope: 'agent shop', unit: 'usd', limit: '0.05 USD', window: { every: 'day' } },
};

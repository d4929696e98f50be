/** Incidents, and two requests beside each other, in a real browser over a real hub. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { chromiumMissing, launch } from './chromium.ts';
import { HOSTILE, hostileEvents, untouched } from './hostile.ts';
import { changeAt, comparison, incidentAt, recordAt } from './hostile-records.ts';
import { type House, startHouse } from './house.ts';
import { asking, axeInBoth, entering } from './visits.ts';

const missing = chromiumMissing();

describe('what is wrong, and what differs, in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let house: House;
  let browser: Browser;
  const enter = entering(() => ({ browser, house }));
  const ask = asking(() => house);
  /** A call that its target answers with an error. */
  const broken = () =>
    fetch(`${house.url}/v1/agents/bank/look`, {
      method: 'POST',
      headers: { authorization: `Bearer ${house.keys['vera']!.secret}`, 'content-type': 'application/json' },
      body: '{"do":"break"}',
    }).then((response) => response.text());

  before(async () => {
    await buildDashboard();
    [house, browser] = await Promise.all([startHouse(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await house?.[Symbol.asyncDispose]();
  });

  test('an order to stop is an incident: who may lifts it, and who may not is told who may', async () => {
    await ask('ada', '/v1/kills', { kind: 'agent', name: 'shop', reason: 'it loops' });
    const stopped = await house.call('look', '{}');
    assert.equal(stopped.status, 403);
    await using other = await enter('vera', '/ui/incidents');
    await other.page.waitForSelector('.incidents tr:has-text("agent/shop")');
    await other.page.keyboard.press('j');
    await other.page.waitForSelector('.acts button:disabled:has-text("Lift the order")');
    assert.match((await other.page.locator('#lift-obstacle').textContent()) ?? '', /role operator/);
    await using watched = await enter('ada', '/ui/incidents');
    const { page, odd } = watched;
    await page.waitForSelector('.rail .count:has-text("1")');
    await page.waitForSelector('.incidents tr:has-text("it loops")');
    await page.keyboard.press('j');
    await page.waitForSelector(`.link:has-text("${stopped.id.slice(0, 8)}")`);
    assert.match(page.url(), /sel=order/);
    assert.deepEqual(await axeInBoth(page), [], 'incidents');
    await page.getByRole('button', { name: 'Lift the order' }).click();
    await page.getByRole('button', { name: /^Lift it/ }).click();
    await page.waitForSelector('.state:has-text("It is over, or was never here")');
    assert.equal((await house.call('look', '{}')).status, 200);
    assert.deepEqual([...odd, ...other.odd], []);
  });

  test('a breaker that opened is an incident with what failed before it, and how it went', async () => {
    const breakers = async () => (await ask<{ items: readonly unknown[] }>('ada', '/v1/breakers')).items;
    while ((await breakers()).length === 0) await broken();
    await using watched = await enter('ada', '/ui/incidents');
    const { page, odd } = watched;
    await page.waitForSelector('.incidents tr:has-text("breaker")');
    await page.locator('.incidents tr:has-text("breaker") button').click();
    await page.waitForSelector('.stage-list li:has-text("open")');
    await page.waitForSelector('h3:has-text("Tries that failed there") + .grid-table .link');
    await page.locator('h3:has-text("Tries that failed there") + .grid-table .link').first().click();
    await page.waitForURL(/\/ui\/requests\/[0-9a-f]{32}/);
    await page.waitForSelector('.span');
    assert.deepEqual(odd, []);
  });

  test('somebody says that she looks after what an alert found, and that it is over; who may not is told who may', async () => {
    const spec = { signal: 'denials', abovePercent: 5, windowMs: 60_000, severity: 'page' };
    const alert = { apiVersion: 'airspace.dev/v1', kind: 'Alert', metadata: { name: 'wipes' }, spec };
    await ask('ada', '/v1/resources:apply', { resources: [alert] });
    for (let n = 0; n < 25; n++) await house.call('wipe', '{}');
    await using other = await enter('vera', '/ui/incidents');
    await other.page.locator('.incidents tr:has-text("firing") button').click();
    await other.page.waitForSelector('.acts button:disabled:has-text("I look after it")');
    await other.page.waitForSelector('#handling-obstacle:has-text("role operator")');
    await using watched = await enter('ada', '/ui/incidents');
    const { page, odd } = watched;
    await page.locator('.incidents tr:has-text("firing") button').click();
    await page.getByRole('button', { name: 'I look after it' }).click();
    await page.getByLabel('What you know so far').fill('somebody tries <b>wipe</b>');
    assert.deepEqual(await axeInBoth(page), [], 'saying it');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.incidents tr:has-text("acknowledged")');
    await page.waitForSelector('p:has-text("user/ada looks after it")');
    await page.waitForSelector('p:has-text("somebody tries <b>wipe</b>")');
    await page.waitForSelector('.stage-list li:has-text("acknowledged")');
    assert.equal(await page.getByRole('button', { name: 'I look after it' }).count(), 0);
    await page.getByRole('button', { name: 'Close it' }).click();
    await page.getByLabel('Why it is over').fill('a test');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.incidents tr.over:has-text("by user/ada: a test")');
    assert.equal(await page.getByRole('button', { name: 'Close it' }).count(), 0);
    await page.goto(`${house.url}/ui/audit`);
    await page.waitForSelector('.entry:has-text("incident.closed"):has-text("a test")');
    assert.deepEqual([...odd, ...other.odd], []);
    await ask('ada', '/v1/resources:delete', { ids: [{ kind: 'Alert', name: 'wipes' }] });
  });

  test('two requests are chosen by the keyboard and stand beside each other, with what differs', async () => {
    const denied = await house.call('wipe', '{"a":1}');
    const other = await house.call('wipe', '{"b":1}');
    await using watched = await enter('ada', '/ui/requests?filter=operation:wipe');
    const { page, odd } = watched;
    await page.waitForSelector(`.rows .request:has-text("${other.id.slice(0, 8)}")`);
    await page.keyboard.press('j');
    await page.keyboard.press('c');
    await page.waitForSelector('.chip:has-text("compare")');
    await page.keyboard.press('j');
    await page.keyboard.press('c');
    await page.waitForURL(/\/ui\/compare\?a=[0-9a-f]{32}&b=[0-9a-f]{32}/);
    await page.waitForSelector('.beside-row .operation:has-text("bank/wipe")');
    await page.keyboard.press('j');
    await page.waitForSelector('.pair:has-text("org/no-wipe")');
    assert.deepEqual(await axeInBoth(page), [], 'compare');
    const look = await house.call('look', '{}', { 'airspace-session': 's9' });
    await page.goto(`${house.url}/ui/compare?a=${denied.id}&b=${look.id}`);
    await page.waitForSelector('.differs .badge:has-text("only in a")');
    assert.equal(await page.locator('.rows .beside-row').count(), 2);
    await page.keyboard.press('x');
    await page.waitForURL(new RegExp(`a=${look.id}&b=${denied.id}`));
    await page.goto(`${house.url}/ui/compare?a=${denied.id}&b=${'0'.repeat(32)}`);
    await page.waitForSelector('.state:has-text("Not here")');
    await page.goto(`${house.url}/ui/requests/${denied.id}`);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export OTLP' }).click();
    assert.match((await saved).suggestedFilename(), /^trace-[0-9a-f]{32}\.otlp\.json$/);
    const { resourceSpans } = JSON.parse(await readFile(await (await saved).path(), 'utf8'));
    assert.ok(JSON.stringify(resourceSpans).includes(denied.id), 'the call is in it');
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.waitForSelector('.choosing:has-text("beside which one?")');
    await page.locator('.grid-table button').first().click();
    await page.waitForSelector('.compare-totals');
    assert.deepEqual(odd, []);
  });

  test('nothing that anybody writes is more than text in any of them', async () => {
    await using watched = await enter('ada', '/ui/requests');
    const { page, odd } = watched;
    const events = hostileEvents(Date.now());
    const items = HOSTILE.map((text, at) => recordAt(at + 1, text));
    await page.route('**/v1/calls?*', (route) => route.fulfill({ json: { events } }));
    await page.route('**/v1/audit/head*', (route) =>
      route.fulfill({ json: { tenant: 'x', seq: items.length, hash: HOSTILE[0] } }),
    );
    await page.route('**/v1/audit/records*', (route) => {
      const query = new URL(route.request().url()).searchParams;
      const from = Number(query.get('from'));
      return route.fulfill({ json: { items: items.slice(from - 1, from - 1 + Number(query.get('limit'))) } });
    });
    await page.route('**/v1/audit/nodes', (route) =>
      route.fulfill({
        json: { items: HOSTILE.map((text, at) => ({ node: text, owner: text, tenant: text, seq: at, hash: text })) },
      }),
    );
    await page.route('**/v1/audit/verification*', (route) =>
      route.fulfill({
        json: {
          running: null,
          last: {
            by: HOSTILE[18],
            atMs: 1,
            tookMs: 1,
            records: 1,
            hash: '',
            finding: { seq: 2, what: HOSTILE[0], text: HOSTILE[1] },
            problem: '',
          },
        },
      }),
    );
    await page.route('**/v1/revisions/*', (route) => route.fulfill({ json: { items: HOSTILE.map(changeAt) } }));
    await page.route('**/v1/incidents?*', (route) => route.fulfill({ json: { items: HOSTILE.map(incidentAt) } }));
    await page.route('**/v1/breakers', (route) =>
      route.fulfill({
        json: {
          items: HOSTILE.map((text) => ({
            target: text,
            domain: text,
            endpoint: text,
            state: text,
            changes: [{ atMs: 1, from: text, to: text }],
          })),
        },
      }),
    );
    await page.route('**/v1/traces/*/compare*', (route) => route.fulfill({ json: comparison() }));
    for (const screen of [
      '/ui/audit',
      '/ui/audit?sel=2',
      '/ui/incidents',
      `/ui/incidents?sel=${encodeURIComponent('alert 3')}`,
    ]) {
      await page.goto(`${house.url}${screen}`);
      await page.waitForSelector('.main .panel');
      await page.waitForSelector('.entry .operation, .incidents td');
      await untouched(page);
    }
    await page.goto(`${house.url}/ui/compare?a=${'a'.repeat(32)}&b=${'b'.repeat(32)}&row=1`);
    await page.waitForSelector('.pair');
    await untouched(page);
    assert.deepEqual(odd, []);
  });
});

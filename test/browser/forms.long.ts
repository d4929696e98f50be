/** The map in its three forms over nodes that are really there: each shows the calls that went so, and no other. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { axe, chromiumMissing, launch, logIn, openPage, type Visit } from './chromium.ts';
import { type Grove, startGrove } from './grove.ts';
import { HOSTILE } from './hostile.ts';

const missing = chromiumMissing();

describe('the three forms in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let grove: Grove;
  let browser: Browser;
  let visit: Visit;

  before(async () => {
    await buildDashboard();
    grove = await startGrove();
    browser = await launch();
    await using watched = await openPage(browser);
    await logIn(watched.page, grove.url, grove.admin.secret, '/ui');
    visit = await watched.context.storageState();
  });
  after(async () => {
    await browser?.close();
    await grove?.[Symbol.asyncDispose]();
  });

  test('a call is on the form that it went by, as it ends, with its nodes, and axe finds nothing in either theme', async () => {
    await using watched = await openPage(browser, { as: visit });
    const { page, odd } = watched;
    await page.goto(`${grove.url}/ui`);
    await page.waitForSelector('.flow-map.hub .card-node');
    const ids = await grove.talk();
    const forms: readonly (readonly [keyof typeof ids, string, string])[] = [
      ['hub', '.flow-map.hub .caller', 'clerk'],
      ['mesh', '.flow-map.mesh .card-node', 'desk'],
      ['hierarchical', '.flow-map.hierarchical .domain-head', 'stock'],
    ];
    for (const [form, selector, name] of forms) {
      await page.getByRole('button', { name: new RegExp(`^${form}`, 'i') }).click();
      await page.waitForSelector(`${selector}:has-text("${name}")`);
      await page.waitForSelector('.flow-map .edge', { state: 'attached' });
      assert.match(page.url(), form === 'hub' ? /\/ui\/?$/ : new RegExp(`form=${form}`));
      for (const _ of ['dark', 'light']) {
        assert.deepEqual(await axe(page), [], form);
        await page.keyboard.press('t');
      }
      await page.goto(`${grove.url}/ui?form=${form}&sel=${ids[form]}`);
      await page.waitForSelector('.flow-map .edge.lit', { state: 'attached' });
    }
    await page.goto(`${grove.url}/ui?form=mesh`);
    await page.waitForSelector('.card-node:has-text("orders")');
    assert.equal(await page.locator('.flow-map .card-node:has-text("plain")').count(), 0, 'it has no sidecar');
    await page.waitForSelector('.flow-map .hub:has-text("no call passes it")');
    await page.getByRole('button', { name: 'Table' }).click();
    await page.waitForSelector('.grid-table td:has-text("agent/desk")');
    assert.equal(await page.locator('.map-panel .grid-table tbody tr').count(), 1);
    assert.deepEqual(odd, []);
  });

  test('a domain folds and unfolds by the keyboard, and that is in the address', async () => {
    await using watched = await openPage(browser, { as: visit });
    const { page, odd } = watched;
    await page.goto(`${grove.url}/ui`);
    const head = page.locator('.domain-head:has-text("stock")');
    await head.waitFor();
    await page.waitForSelector('.card-node:has-text("shelves")');
    await head.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.card-node:has-text("shelves")', { state: 'detached' });
    assert.match(page.url(), /shut=stock/);
    await page.reload();
    await page.waitForSelector('.domain-head:has-text("1 agent")');
    await page.locator('.domain-head:has-text("stock")').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.card-node:has-text("shelves")');
    assert.deepEqual(odd, []);
  });

  test('more than sixty are a table by themselves until domains are shut, and what nodes are called is text', async () => {
    await using watched = await openPage(browser, { as: visit });
    const { page, odd } = watched;
    const agents = Array.from({ length: 70 }, (_, at) => ({
      ...{ kind: 'agent', name: `${HOSTILE[at % HOSTILE.length]!.slice(0, 40)}${at}`, domain: `d${at % 3}` },
      ...{ labels: {}, operations: [] },
    }));
    await page.route('**/v1/targets', (route) => route.fulfill({ json: { items: agents } }));
    await page.route('**/v1/nodes', (route) =>
      route.fulfill({
        json: {
          items: HOSTILE.map((text, at) => ({
            node: { id: text, role: at % 2 === 0 ? 'sidecar' : 'domain', domain: 'd1', agent: agents[at]!.name },
            ...{ state: text, heardAtMs: null, snapshotSeq: -1, refused: text },
          })),
        },
      }),
    );
    await page.goto(`${grove.url}/ui?form=hierarchical`);
    await page.waitForSelector('.quiet:has-text("more than 60")');
    assert.equal(await page.locator('.flow-map').count(), 0);
    await page.getByRole('button', { name: 'Shut all domains' }).click();
    await page.waitForSelector('.flow-map .domain-head');
    await page.getByRole('button', { name: /^Mesh/ }).click();
    await page.waitForSelector('.flow-map.mesh .card-node, .map-panel .state');
    assert.equal(await page.evaluate('globalThis.__hit'), undefined);
    assert.equal(await page.locator('iframe, img, base, form[action]').count(), 0);
    assert.doesNotMatch((await page.locator('body').textContent()) ?? '', /[\u202a-\u202e\u2066-\u2069\u200b]/);
    assert.deepEqual(odd, []);
  });
});

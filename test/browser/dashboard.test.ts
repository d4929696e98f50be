/** The dashboard in a real browser over a real hub, the short way: entry, screens, keys, an approval, hostile text, and its size. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { axe, chromiumMissing, launch } from './chromium.ts';
import { HOSTILE, hostileEvents, hostileSaid, untouched } from './hostile.ts';
import { type House, startHouse } from './house.ts';
import { entering } from './visits.ts';

const missing = chromiumMissing();
const DIST = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));
const SCREENS = [
  ...[
    '/ui',
    '/ui/requests',
    '/ui/policies',
    '/ui/approvals',
    '/ui/budgets',
    '/ui/agents',
    '/ui/incidents',
    '/ui/audit',
  ],
  '/ui/compare',
];
const FIRST_SCREEN_KB = 200;
/** Calls with hostile arguments that wait: fewer than one caller may have waiting. */
const HELD = 8;

test('whichever screen is the first, it is less than 200 kB of script, compressed, and nothing is written into the page', async () => {
  await buildDashboard();
  const page = readFileSync(join(DIST, 'index.html'), 'utf8');
  const scripts = [...page.matchAll(/(?:src|href)="\/ui\/assets\/([^"]+\.js)"/g)].map((found) => found[1]!);
  assert.ok(scripts.length > 0);
  const shared = withImported(scripts);
  const later = new Set([...shared].flatMap((name) => namesIn(name, LATER)));
  assert.ok(later.size >= SCREENS.length - 2, 'screens are loaded when somebody opens them');
  for (const screen of later) {
    const names = [...withImported([...shared, screen])];
    const kb = names.reduce((sum, name) => sum + gzipSync(scriptOf(name), { level: 9 }).length, 0) / 1_024;
    assert.ok(kb < FIRST_SCREEN_KB, `${screen} ${kb.toFixed(0)} kB`);
  }
  assert.ok(!/<script>|<style|style="|\son\w+=/.test(page), page);
});

const scriptOf = (name: string): Buffer => readFileSync(join(DIST, 'assets', name));

const AT_ONCE = /(?:from|import)\s*["']\.\/([^"']+\.js)["']/g;
const LATER = /import\(\s*["'`]\.\/([^"'`]+\.js)["'`]/g;

const namesIn = (name: string, how: RegExp): readonly string[] =>
  [...scriptOf(name).toString('utf8').matchAll(how)].map((found) => found[1]!);

/** And all that these cannot do without. */
const withImported = (scripts: readonly string[]): ReadonlySet<string> => {
  const found = new Set(scripts);
  for (const name of found) for (const other of namesIn(name, AT_ONCE)) found.add(other);
  return found;
};

describe('in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let house: House;
  let browser: Browser;

  before(async () => {
    await buildDashboard();
    [house, browser] = await Promise.all([startHouse(), launch()]);
    for (const [operation, body] of [
      ['look', '{}'],
      ['wipe', '{}'],
      ['look', '{"do":"break"}'],
    ] as const)
      await house.call(operation, body, { 'airspace-session': 's1' });
  });
  after(async () => {
    await browser?.close();
    await house?.[Symbol.asyncDispose]();
  });

  const enter = entering(() => ({ browser, house }));

  test('whoever is nobody is sent to the login and back to where they were going', async () => {
    await using watched = await enter('ada', '/ui/budgets?sel=shop-day');
    assert.match(watched.page.url(), /\/ui\/budgets\?sel=shop-day$/);
    await watched.page.waitForSelector('text=Who draws on it');
    assert.deepEqual(watched.odd, []);
  });

  test('every screen is there, dark and light, says nothing on the console, asks nobody else, and axe finds nothing', async () => {
    await using watched = await enter('ada');
    const { page, odd } = watched;
    await page.waitForSelector('.rows .request');
    // All of them in both themes: `npm run test:browser`.
    for (const [theme, screens] of [
      ['dark', SCREENS],
      ['light', SCREENS.slice(0, 3)],
    ] as const) {
      for (const screen of screens) {
        await page.goto(`${house.url}${screen}`);
        await page.waitForSelector('.main .panel');
        assert.deepEqual(await axe(page), [], `${screen} in ${theme}`);
      }
      await page.keyboard.press('t');
    }
    assert.deepEqual(odd, []);
  });

  test('a call shows up by itself, and keys lead from the list to its trace and back', async () => {
    await using watched = await enter('ada');
    const { page, odd } = watched;
    await page.waitForSelector('.rows .request');
    const { id } = await house.call('look', '{"new":1}');
    await page.waitForSelector(`.rows .request:has-text("${id.slice(0, 8)}")`);
    await page.keyboard.press('j');
    await page.waitForSelector('.peek .span');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ui\/requests\/[0-9a-f]{32}/);
    await page.waitForSelector('.span.selected');
    await page.locator('.waterfall-body').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/ui\/requests$/);
    await page.keyboard.press('/');
    await page.keyboard.type('status:denied');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.rows .request:only-child .badge:has-text("denied")');
    assert.match(page.url(), /filter=status%3Adenied/);
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL(/\/ui\/approvals/);
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await page.waitForSelector('.foot :text("paused")');
    assert.deepEqual(odd, []);
  });

  test('the keyboard alone approves a held call, which then runs once', async () => {
    const body = '{"cents":5,"to":"<b>x</b>"}';
    const held = await house.call('pay', body);
    assert.equal(held.status, 202);
    await using watched = await enter('finn', '/ui/approvals');
    const { page, odd } = watched;
    await page.waitForSelector('.sent pre:has-text("cents")');
    assert.match((await page.locator('.sent pre').textContent()) ?? '', /"to": "<b>x<\/b>"/);
    await page.keyboard.press('y');
    await page.keyboard.type('looked at it');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.badges .badge:has-text("ran"), .badges .badge:has-text("approved")');
    await page.waitForSelector('q:has-text("looked at it")');
    await until(() => house.ran.filter((one) => one === body).length === 1);
    assert.deepEqual(odd, []);
  });

  test('who may only look sees all of it, and every action disabled with the reason', async () => {
    await house.call('pay', '{"cents":6}');
    await using watched = await enter('vera', '/ui/requests');
    const { page, odd } = watched;
    await page.waitForSelector('.rows .request');
    await page.goto(`${house.url}/ui/approvals`);
    await page.waitForSelector('.queue, .state');
    const enabled = await page.locator('.ballot button:enabled').count();
    assert.equal(enabled, 0);
    await using other = await enter('ada', '/ui/approvals');
    await other.page.waitForSelector('.ballot button');
    assert.equal(await other.page.locator('.ballot .yes:enabled').count(), 0, 'ada is not of finance');
    assert.match((await other.page.locator('#obstacle').textContent()) ?? '', /You cannot vote on it: \w/);
    assert.deepEqual([...odd, ...other.odd], []);
  });

  test('who may nothing is told so, in the words of the node', async () => {
    await using watched = await enter('nick', '/ui/requests');
    await watched.page.waitForSelector('.state :text("Not for you to see")');
    assert.deepEqual(watched.odd, []);
  });

  test('nothing that anybody writes is more than text, wherever it stands', async () => {
    for (const text of HOSTILE.slice(0, HELD)) await house.call('pay', JSON.stringify({ text, [text]: text }));
    await using watched = await enter('finn', '/ui/approvals');
    const { page, odd } = watched;
    await page.waitForSelector('.sent pre');
    for (let at = 0; at < HELD; at++) await page.keyboard.press('j');
    const events = hostileEvents(Date.now());
    await page.route('**/v1/calls?*', (route) => route.fulfill({ json: { events } }));
    await page.route('**/v1/traces/*', (route) =>
      route.fulfill({ json: { events: events.slice(0, 1), agentSpans: hostileSaid(events[0]!) } }),
    );
    await page.route('**/v1/targets', (route) =>
      route.fulfill({
        json: {
          items: HOSTILE.map((text) => ({
            kind: 'agent',
            name: text,
            domain: text,
            labels: {},
            operations: [{ name: text, effect: text, description: text }],
          })),
        },
      }),
    );
    for (const screen of [
      '/ui/requests',
      `/ui/requests?sel=${events[0]!.trace}`,
      '/ui',
      `/ui?sel=${events[0]!.trace}`,
      '/ui/agents',
    ]) {
      await page.goto(`${house.url}${screen}`);
      await page.waitForSelector('.main .panel');
      await untouched(page);
    }
    await page.goto(`${house.url}/ui/requests?sel=${events[0]!.trace}`);
    await page.waitForSelector('.span');
    for (const tab of ['Attributes', 'Decision']) await page.getByRole('tab', { name: tab }).click();
    for (let at = 0; at < 5; at++) {
      await page.locator('.span.k-said').nth(at).click();
      for (const tab of ['Attributes', 'Decision']) await page.getByRole('tab', { name: tab }).click();
    }
    assert.match((await page.locator('.rows').first().textContent()) ?? '', /U\+202E/);
    await untouched(page);
    assert.deepEqual(odd, []);
  });

  test('a trace of five thousand spans puts less than a hundred of them into the page', async () => {
    await using watched = await enter('ada');
    const { page, odd } = watched;
    const [first] = hostileEvents(Date.now());
    const hex = (number: number): string => number.toString(16).padStart(16, '0');
    const events = Array.from({ length: 5_000 }, (_, at) => ({
      ...{ ...first, span: hex(at + 1), parentSpan: hex(Math.floor(at / 7)), steps: [] },
      startedAtMs: first!.startedAtMs + at,
    }));
    await page.route('**/v1/traces/*', (route) => route.fulfill({ json: { events } }));
    await page.goto(`${house.url}/ui/requests/${'a'.repeat(32)}`);
    await page.waitForSelector('.span');
    assert.equal(await page.locator('.waterfall-body').getAttribute('aria-rowcount'), '5000');
    assert.ok((await page.locator('.span').count()) < 100);
    assert.deepEqual(odd, []);
  });

  test('when the node goes away, the page says that what it shows is old', async () => {
    await using watched = await enter('ada');
    await watched.page.waitForSelector('.rows .request');
    await house[Symbol.asyncDispose]();
    await watched.page.waitForSelector('.stale:has-text("reconnecting")');
    await watched.page.waitForSelector('.rows .request');
  });
});

const until = async (is: () => boolean): Promise<void> => {
  for (const endMs = performance.now() + 15_000; !is(); await new Promise((next) => setImmediate(next)))
    assert.ok(performance.now() < endMs, 'it did not come about');
};

/** Usage in a real browser over a hub that has seen a morning: three questions, each with the answer that the command line gives. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { API_VERSION, type UsageView } from '../../src/contract/index.ts';
import { type Scene, startScene } from '../questions/scene.ts';
import { chromiumMissing, launch } from './chromium.ts';
import { HOSTILE, untouched } from './hostile.ts';
import { axeInBoth, entering, type Visited } from './visits.ts';

const missing = chromiumMissing();

/** As somebody presses it, what the address then holds, and the command that is asked the same. */
const QUESTIONS = [
  ['Which agent uses most tokens?', /by=caller&sort=tokens&kind=agent/, ['agents', '--sort', 'tokens']],
  ['Which agents are bottlenecks?', /by=target&sort=waited&kind=agent/, ['agents', '--sort', 'waiting']],
  ['Which operations cost most?', /by=operation&sort=cost/, ['operations', '--sort', 'cost']],
] as const;

describe('usage in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let scene: Scene;
  let browser: Browser;
  let house: Visited;
  const enter = entering(() => ({ browser, house }));

  before(async () => {
    await buildDashboard();
    [scene, browser] = await Promise.all([startScene(), launch()]);
    const vera = {
      ...{ apiVersion: API_VERSION, kind: 'User', metadata: { name: 'vera' }, spec: { roles: ['viewer'] } },
    };
    await told('/v1/resources:apply', { resources: [vera] });
    const key = (name: string) => told<{ secret: string }>('/v1/keys', { principal: { kind: 'user', name } });
    house = { url: scene.url, keys: { vera: await key('vera'), ann: await key('ann') } };
  });
  after(async () => {
    await browser?.close();
    await scene?.[Symbol.asyncDispose]();
  });

  const told = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await scene.ask(path, body);
    assert.ok(response.ok, path);
    return (await response.json()) as T;
  };

  /** Names in the order of the table, without their kinds. */
  const listed = (page: Page): Promise<readonly string[]> =>
    page
      .locator('.usage tbody tr td:first-child button')
      .evaluateAll((rows) => rows.map((row) => row.textContent ?? ''));

  test('three questions are one press each, and have the answers of the command line', async () => {
    await using watched = await enter('vera', '/ui/budgets?since=1h');
    const { page, odd } = watched;
    await page.getByRole('button', { name: 'Usage' }).click();
    await page.waitForSelector('.usage tbody tr');
    const seen: string[] = [];
    for (const [question, address, command] of QUESTIONS) {
      await page.getByRole('button', { name: question }).click();
      await page.waitForURL(address);
      await page.waitForSelector(`.copy:has-text("airspace top ${command.join(' ')} --since 1h")`);
      await page.waitForSelector('.usage[aria-busy=false] tbody tr');
      const ran = await scene.run('top', ...command, '--since', '1h', '-o', 'json');
      const names = (JSON.parse(ran.stdout) as { items: { name: string }[] }).items.map(({ name }) => name);
      seen.push(names[0]!);
      assert.deepEqual(
        await listed(page),
        names.map((name) => name.slice(name.indexOf('/') + 1)),
        question,
      );
    }
    assert.deepEqual([seen[0], seen[2]], ['agent/search', 'model/small/chat']);
    assert.match((await page.locator('.usage tbody tr:first-child').textContent()) ?? '', /\$0\.0014100%500400100/);
    assert.deepEqual(odd, []);
  });

  test('all that is chosen is in the address, by keys and by presses, and both themes are for everybody', async () => {
    await using watched = await enter('vera', '/ui/budgets?view=usage&since=1h');
    const { page, odd } = watched;
    await page.waitForSelector('.usage tbody tr');
    assert.ok((await page.locator('.usage-chart rect').count()) > 0);
    await page.getByRole('button', { name: 'Targets' }).click();
    await page.getByRole('button', { name: 'errors' }).click();
    await page.waitForURL(/by=target&sort=errors/);
    assert.equal((await listed(page))[0], 'payments');
    assert.equal(await page.locator('.usage th[aria-sort=descending]').textContent(), 'errors ↓');
    await page.keyboard.press('j');
    await page.waitForURL(/sel=tool%2Fpayments/);
    await page.waitForSelector('.usage-chart rect.one');
    assert.deepEqual(await axeInBoth(page), [], 'usage');
    await page.reload();
    await page.waitForSelector('.usage tr.selected:has-text("payments")');
    assert.equal((await listed(page))[0], 'payments');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ui\/agents\?sel=tool%2Fpayments&since=1h/);
    await page.goBack();
    await page.locator('.usage tr:has-text("payments") >> text=requests').click();
    await page.waitForURL(/\/ui\/requests\?filter=target%3Apayments&since=1h/);
    await page.waitForSelector('.rows .request:has-text("charge")');
    await page.goBack();
    await page.getByRole('button', { name: 'Budgets', exact: true }).click();
    await page.waitForSelector('.two-lists .grid-table td:has-text("daily")');
    assert.doesNotMatch(page.url(), /view=|by=|sort=|sel=/);
    assert.deepEqual(odd, []);
  });

  test('what is not in the figures is said, what a stranger wrote is text, and what is old says so', async () => {
    await using watched = await enter('vera', '/ui/requests');
    const { page, odd } = watched;
    const { total, ...rest } = (await (await scene.ask('/v1/usage?by=time')).json()) as UsageView;
    const items = HOSTILE.flatMap((text) => [text, `agent/${text}`].map((caller) => ({ ...total, caller })));
    let isUp = true;
    await page.route('**/v1/usage*', (route) =>
      isUp
        ? route.fulfill({ json: { ...rest, items, total, isCut: true, without: [HOSTILE[0], 'money'] } })
        : route.fulfill({ status: 503, json: { code: 'unavailable', detail: 'the store is full' } }),
    );
    await page.goto(`${house.url}/ui/budgets?view=usage&by=<i>&sort=constructor&kind=__proto__`);
    await page.waitForSelector('.stale:has-text("hand up sums only")');
    await page.waitForSelector('.stale:has-text("There are more rows")');
    assert.equal(await page.locator('.usage tbody tr').count(), items.length);
    await untouched(page);
    isUp = false;
    await page.getByRole('button', { name: 'Budgets', exact: true }).click();
    await page.getByRole('button', { name: 'Usage' }).click();
    await page.waitForSelector('.stale:has-text("has not answered since: the store is full")');
    assert.deepEqual(await axeInBoth(page), [], 'with all that can be said');
    await page.reload();
    await page.waitForSelector('.state:has-text("the store is full") button:has-text("Try again")');
    await page.unroute('**/v1/usage*');
    await page.route('**/v1/usage*', (route) => route.fulfill({ json: { ...rest, items: [], total } }));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('.state:has-text("Nothing was called in this time") .copy:has-text("airspace request")');
    assert.deepEqual(
      odd.filter((line) => !line.includes('status of 503')),
      [],
    );
  });

  test('who may not see what was used is told who may', async () => {
    await using watched = await enter('ann', '/ui/budgets?view=usage');
    await watched.page.waitForSelector('.state:has-text("Not for you to see")');
    assert.match((await watched.page.locator('.state').textContent()) ?? '', /role `viewer`/);
    assert.deepEqual(watched.odd, []);
  });
});

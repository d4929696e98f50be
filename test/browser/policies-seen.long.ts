/** Policies and the palette in a real browser: who sees what, every state, hostile words, and nothing that keeps people out. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axe, chromiumMissing, logIn, openPage } from './chromium.ts';
import { HOSTILE, untouched } from './hostile.ts';
import { startHouse } from './house.ts';
import { PolicyHouse, write } from './policy-house.ts';

const missing = chromiumMissing();

describe('policies as they are seen in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let at: PolicyHouse;

  before(async () => {
    at = await PolicyHouse.start();
  });
  after(() => at?.[Symbol.asyncDispose]());

  test('where there is no policy it says so, and how there will be one', async () => {
    await using empty = await startHouse({ twoPerson: true });
    await using watched = await openPage(at.browser);
    await logIn(watched.page, empty.url, empty.keys['ada']!.secret, '/ui/policies');
    await watched.page.waitForSelector('.state :text("No policy here")');
    await watched.page.waitForSelector('.state :text("airspace policy stage")');
    assert.deepEqual(await axe(watched.page), []);
    assert.deepEqual(watched.odd, []);
  });

  test('the list says what is active, whose it is, and how it came', async () => {
    await using watched = await at.enter('ada', '/ui/policies');
    await watched.page.waitForSelector('.bundle:has-text("org"):has-text("organisation · admins")');
    await watched.page.waitForSelector(
      '.bundle:has-text("domain money · sara"):has-text("v1"):has-text("by user/bob")',
    );
    assert.deepEqual(watched.odd, []);
  });

  test('who may only look sees all of it and why nothing may be done; who looks after a domain sees that; others are told', async () => {
    await using vera = await at.enter('vera', '/ui/policies?sel=org');
    await write(vera.page, '// only a thought');
    await vera.page.waitForSelector('#tests-obstacle:has-text("this needs role `developer` or `policy-admin`")');
    await vera.page.waitForSelector('#replay-obstacle:has-text("`operator`")');
    await vera.page.waitForSelector('#stage-note:has-text("ask an admin")');
    assert.equal(await vera.page.locator('.steps button:enabled:has-text("Run"), .steps .yes:enabled').count(), 0);
    await vera.page.keyboard.press('Escape');
    await vera.page.keyboard.press('h');
    assert.equal(await vera.page.locator('button:has-text("Roll back …")').isDisabled(), true);
    await using sara = await at.enter('sara', '/ui/policies');
    await sara.page.waitForSelector('.bundle:has-text("money")');
    assert.equal(await sara.page.locator('.bundle').count(), 1);
    await sara.page.goto(`${at.house.url}/ui/policies?sel=org`);
    await sara.page.waitForSelector('.state :text("of a level that you do not look after")');
    await using nick = await at.enter('nick', '/ui/policies');
    await nick.page.waitForSelector('.state :text("Not for you to see")');
    assert.deepEqual([...vera.odd, ...sara.odd, ...nick.odd], []);
  });

  test('the palette finds what there is to see and to do, from anywhere', async () => {
    await using watched = await at.enter('ada', '/ui/policies');
    const { page, odd } = watched;
    await page.waitForSelector('.editor >> .cm-line');
    await page.keyboard.press('e');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('.palette .entry');
    assert.deepEqual(await axe(page), []);
    await page.keyboard.type('bank');
    await page.waitForSelector('.palette .entry[data-highlighted]:has-text("bank")');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ui\/agents\?sel=agent/);
    const { id } = await at.house.call('look', '{}');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('.palette .entry');
    await page.keyboard.type(id.slice(0, 8));
    await page.waitForSelector('.palette .entry:has-text("request")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.span');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('.palette .entry');
    await page.keyboard.type('nothing is called that');
    await page.waitForSelector('.palette .nothing:has-text("Nothing that you may see")');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.palette', { state: 'detached' });
    await page.click('.finder');
    await page.waitForSelector('.palette .entry');
    await page.keyboard.type('roll back');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.saying button:has-text("Roll back")');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.saying', { state: 'detached' });
    assert.deepEqual(odd, []);
  });

  test('a node that does not have it yet is named, and a no of the node is shown with its number', async () => {
    await at.anew();
    const [release] = await at.releases();
    await using watched = await at.enter('ada', '/ui/policies');
    const { page, odd } = watched;
    const node = (id: string, state: string, snapshotSeq: number, refused: string | null = null) => ({
      ...{ node: { id }, state, snapshotSeq, refused },
    });
    const items = [node('near', 'alive', 999_999), node('far', 'alive', 1, 'it is too old'), node('gone', 'silent', 1)];
    await page.route('**/v1/nodes', (route) => route.fulfill({ json: { items } }));
    await page.goto(`${at.house.url}/ui/policies?release=${release!.id.replace('sha256:', '')}`);
    await page.waitForSelector('.steps .warn:has-text("1 of 2 connected nodes; 1 more is silent")');
    await page.waitForSelector('.steps .warn:has-text("far: it is too old")');
    const json = { code: 'conflict', detail: 'not now', callId: 'c'.repeat(32) };
    await page.route('**/v1/policy/bundles', (route) => route.fulfill({ status: 409, json }));
    await page.reload();
    await page.waitForSelector('.state:has-text("not now") :text("request cccc")');
    assert.deepEqual(odd, []);
  });

  test('nothing that anybody writes into a policy, a reason or a diagnosis is more than text', async () => {
    await using watched = await at.enter('ada', '/ui/policies');
    const { page, odd } = watched;
    await page.waitForSelector('.editor >> .cm-line');
    const all = HOSTILE.join('\n');
    const place = { start: { line: 1, character: 0 }, end: { line: 1, character: 9 } };
    await page.route('**/v1/policy/diagnose', (route) =>
      route.fulfill({
        json: {
          diagnostics: HOSTILE.map((message) => ({
            ...{ file: 'org.cedar', range: place, severity: 'error', code: message, message },
            suggestion: { range: place, text: message },
          })),
        },
      }),
    );
    await page.route('**/v1/policy/releases?*', async (route) => {
      const { items } = (await (await route.fetch()).json()) as { items: readonly object[] };
      const of = HOSTILE.map((text, index) => ({
        ...items[0],
        id: `sha256:${index.toString(16).padStart(16, '0')}`,
        ...{ state: index === 0 ? 'staged' : 'halted', author: text, reason: text, approvedBy: text },
        log: [{ atMs: 1, by: text, state: 'halted', percent: 0, reason: text }],
      }));
      await route.fulfill({ json: { items: of } });
    });
    await page.route('**/v1/policy/bundles', async (route) => {
      const overview = (await (await route.fetch()).json()) as { items: readonly object[] };
      const items = overview.items.map((one) => ({
        ...one,
        by: HOSTILE[1],
        reason: all,
        stewards: HOSTILE.slice(0, 3),
      }));
      await route.fulfill({ json: { ...overview, items } });
    });
    await page.route('**/v1/policy/bundles/*/versions?*', async (route) => {
      const { items } = (await (await route.fetch()).json()) as { items: readonly object[] };
      const of = items.map((one) => ({ ...one, by: HOSTILE[0], reason: all, policies: all }));
      await route.fulfill({ json: { items: of } });
    });
    await page.route('**/v1/resources?*', async (route) => {
      const { items } = (await (await route.fetch()).json()) as { items: readonly { resource: { spec: object } }[] };
      const of = items.map((one) => ({
        ...one,
        resource: { ...one.resource, spec: { ...one.resource.spec, policies: { text: all } } },
      }));
      await route.fulfill({ json: { items: of } });
    });
    await page.goto(`${at.house.url}/ui/policies?sel=org&release=draft`);
    await page.waitForSelector('.editor >> .unseen:has-text("U+202E")');
    await page.waitForSelector('.findings button');
    await untouched(page);
    assert.equal(await page.locator('.editor >> img[src], .editor >> iframe, .editor >> style').count(), 0);
    for (const view of ['history', 'diff&from=v1&to=active', 'diff&from=%3Cimg%20src%3Dx%3E&to=__proto__']) {
      await page.goto(`${at.house.url}/ui/policies?sel=org&view=${view}`);
      await page.waitForSelector(view === 'history' ? '.bench td' : '.bench select');
      await untouched(page);
    }
    assert.deepEqual(odd, []);
  });

  test('axe finds nothing in both themes, whichever way one looks', async () => {
    await at.anew();
    await using watched = await at.enter('ada', '/ui/policies?sel=org');
    const { page, odd } = watched;
    for (const _ of ['dark', 'light']) {
      for (const [query, ready] of [
        ['', '.editor >> .cm-line'],
        ['&view=history', '.bench td'],
        ['&view=diff&from=v1', '.editor >> .cm-mergeView'],
        ['&part=cases', '.editor >> .cm-line'],
      ] as const) {
        await page.goto(`${at.house.url}/ui/policies?sel=org${query}`);
        await page.waitForSelector(ready);
        assert.deepEqual(await axe(page), [], query);
      }
      await page.keyboard.press('t');
    }
    assert.deepEqual(odd, []);
  });

  test('when the node goes away, what is shown is said to be old', async () => {
    await using gone = await startHouse();
    await using watched = await openPage(at.browser);
    await logIn(watched.page, gone.url, gone.keys['ada']!.secret, '/ui/policies');
    await watched.page.waitForSelector('.editor >> .cm-line');
    await gone[Symbol.asyncDispose]();
    await watched.page.waitForSelector('.stale:has-text("this is how policy was at")');
    await watched.page.waitForSelector('.editor >> .cm-line');
  });
});

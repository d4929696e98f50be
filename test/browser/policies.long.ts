/** Policies in a real browser: the way of a change, by the keyboard alone, with its evidence, its conflicts and its second person. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axe, chromiumMissing } from './chromium.ts';
import { POLICY } from './house.ts';
import { PolicyHouse, rule, tabTo, write } from './policy-house.ts';

const missing = chromiumMissing();

describe('a change of policy in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let at: PolicyHouse;

  before(async () => {
    at = await PolicyHouse.start();
  });
  after(() => at?.[Symbol.asyncDispose]());

  test('the keyboard alone takes a change from the first letter to every call, and its evidence is beside it', async () => {
    const before = await at.anew();
    await using watched = await at.enter('ada', '/ui/requests');
    const { page, odd } = watched;
    const { keyboard } = page;
    await page.waitForSelector('.rows .request');
    await keyboard.press('g');
    await keyboard.press('p');
    await page.waitForSelector('.editor >> .cm-line');
    await keyboard.press('e');
    await keyboard.press('Control+End');
    await keyboard.type(
      '@id("no-look") @reason("nobody looks at night") @code("NOT_NOW")\nforbid (principal, action, resource) when { context.operaton == "look" };',
    );
    await page.waitForSelector('.findings .mark.bad:has-text("error")');
    // The correction that the hub knows: to the mistake, and over it.
    await page.waitForSelector('.findings :text("operation")');
    for (let at = 0; at < ' == "look" };'.length; at++) await keyboard.press('ArrowLeft');
    for (let at = 0; at < 'on'.length; at++) await keyboard.press('Backspace');
    await keyboard.type('ion');
    await page.waitForSelector('.findings .mark:has-text("narrower")');
    await keyboard.press('Control+Enter');
    await page.waitForSelector('section[aria-label="Tests"] .badge:has-text("no cases")');
    await keyboard.press('Escape');
    await tabTo(page, 'section[aria-label="Replay"] button:has-text("Run")');
    await keyboard.press('Enter');
    await page.waitForSelector('.flips button:has-text("allow → deny")');
    assert.match((await page.locator('.tally').textContent()) ?? '', /deny → allow0.*allow → deny[1-9]/);
    await tabTo(page, '.flips button');
    await keyboard.press('Enter');
    await page.waitForSelector('.calls a:has-text("agent/shop → agent/bank/look")');
    assert.match(page.url(), /flip=0/);
    await tabTo(page, 'button:has-text("Stage as a release")');
    await keyboard.press('Enter');
    await keyboard.type('the night is quiet');
    await keyboard.press('Enter');
    await page.waitForSelector('.steps h2:has-text("Release")');
    await tabTo(page, 'button:has-text("Activate part")');
    await keyboard.press('Enter');
    await keyboard.press('Enter');
    await page.waitForSelector('.track .here:has-text("canary 10 %")');
    await keyboard.press('Control+k');
    await page.waitForSelector('.palette .entry');
    await keyboard.type('for all');
    await keyboard.press('Enter');
    await page.waitForSelector('.saying button:has-text("Activate for all")');
    await keyboard.press('Enter');
    await page.waitForSelector(`.bundle:has-text("org v${before + 1}")`);
    await page.waitForSelector('.track .here:has-text("active")');
    await page.waitForSelector('.steps :text("is in force on the hub")');
    assert.equal((await at.house.call('look', '{}')).status, 403);
    const [last] = await at.releases();
    assert.deepEqual([last?.state, last?.reason, last?.author], ['active', 'the night is quiet', 'user/ada']);
    assert.deepEqual(odd, []);
  });

  test('the history says who brought what on which evidence, and takes it back', async () => {
    const before = await at.anew();
    const [was, now, back] = [before, before + 1, before + 2];
    await at.bring(`${POLICY}${rule('no-look', 'context.operation == "look"')}`, 'the night is quiet');
    await using watched = await at.enter('ada', '/ui/policies?sel=org&view=history');
    const { page, odd } = watched;
    await page.waitForSelector(`tr:has-text("v${now} active"):has-text("the night is quiet"):has-text("no cases")`);
    await page.waitForSelector(`tr:has-text("v${was}"):has-text("round"):has-text("user/bob")`);
    await page.waitForSelector('tr:has-text("v1"):has-text("approved by user/ada")');
    assert.equal((await at.house.call('look', '{}')).status, 403);
    await page.click('text=Roll back …');
    await page.keyboard.type('it was day');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`tr:has-text("v${back} active"):has-text("back to revision")`);
    await page.waitForSelector('.back :text("took back")');
    assert.equal((await at.house.call('look', '{}')).status, 200);
    assert.deepEqual(odd, []);
  });

  test('a draft survives a reload, and a change of what is active meanwhile is shown and never overwrites it', async () => {
    await at.anew();
    await using watched = await at.enter('ada', '/ui/policies?sel=org');
    const { page, odd } = watched;
    await write(page, '// mine');
    await page.waitForSelector('.bench .badge:has-text("draft")');
    await page.reload();
    await page.waitForSelector('.editor >> .cm-line:has-text("// mine")');
    await page.waitForSelector('.parts :text("kept by this browser")');
    await at.bring(`${POLICY}${rule('theirs', 'context.depth > 9')}`, 'a hotfix');
    await page.waitForSelector('.notice:has-text("by user/bob: ")');
    assert.equal(await page.locator('button:has-text("Stage as a release")').isDisabled(), true);
    assert.match(
      (await page.locator('#stage-note').textContent()) ?? '',
      /came since this draft began: look at the difference/,
    );
    await page.click('text=See what came');
    await page.waitForSelector('.editor >> .cm-changedLine:has-text("theirs")');
    await page.keyboard.press('e');
    await page.waitForSelector('.editor >> .cm-line:has-text("// mine")');
    await page.click('text=My text is right over');
    await page.waitForSelector('.notice', { state: 'detached' });
    assert.equal(await page.locator('button:has-text("Stage as a release")').isDisabled(), false);
    await page.click('text=Throw the draft away');
    await page.waitForSelector('.editor >> .cm-line:has-text("theirs")');
    await page.click('text=Bring the draft back');
    await page.waitForSelector('.editor >> .cm-line:has-text("// mine")');
    await page.click('text=Throw the draft away');
    assert.deepEqual(odd, []);
  });

  test('what another window makes of a draft is not overwritten before somebody chose', async () => {
    await using watched = await at.enter('ada', '/ui/policies?sel=org');
    const { page, odd, context } = watched;
    await write(page, '// here');
    await page.waitForSelector('.bench .badge:has-text("draft")');
    const other = await context.newPage();
    await other.goto(page.url());
    await write(other, '// there');
    await page.waitForSelector('.notice:has-text("Another window")');
    await page.click('text=Take theirs');
    await page.waitForSelector('.editor >> .cm-line:has-text("// there")');
    await page.click('text=Throw the draft away');
    assert.deepEqual(odd, []);
  });

  test('what may allow more waits for another person than its author, who sees why', async () => {
    await at.anew();
    await using watched = await at.enter('ada', '/ui/policies?sel=org&part=cases');
    const { page, odd } = watched;
    await write(
      page,
      'cases:\n- { name: shop wipes, principal: agent/shop, target: agent/bank/wipe, expect: { effect: deny } }',
    );
    await page.click('button:has-text("Policies")');
    await page.keyboard.press('e');
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('@id("all") @reason("everybody may call") permit (principal, action, resource);');
    await page.waitForSelector('.findings .mark.warn:has-text("wider")');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.findings .mark.bad:has-text("fails")');
    await page.waitForSelector('.steps :text("expected deny, and it is allow by org/all")');
    await page.click('.findings button:has-text("shop wipes")');
    await page.waitForSelector('.parts [data-pressed]:has-text("Cases")');
    await page.waitForSelector('.editor >> .cm-line:has-text("shop wipes")');
    await page.click('text=Stage as a release');
    await page.keyboard.type('all doors open');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.saying .bad:has-text("case `shop wipes`")');
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.click('text=Stage as a release');
    await page.keyboard.type('all doors open');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.steps :text("another person than its author")');
    for (const button of ['Approve …', 'Activate part …', 'Activate all …'])
      assert.equal(await page.locator(`button:has-text("${button}")`).isDisabled(), true, button);
    assert.match(
      (await page.locator('#move-note').textContent()) ?? '',
      /you made this release; somebody else must approve it/,
    );
    assert.deepEqual(await axe(page), []);
    await using bob = await at.enter('bob', '/ui/policies');
    await bob.page.click('text=Approve …');
    await bob.page.keyboard.type('as we said');
    await bob.page.keyboard.press('Enter');
    await page.waitForSelector('.steps :text("approved by user/bob")');
    await page.click('section[aria-label="Replay"] button:has-text("Run")');
    await page.waitForSelector('.tally .warn:has-text("deny → allow")');
    assert.match((await page.locator('.flips li').first().textContent()) ?? '', /deny → allow/);
    await page.click('text=Activate all …');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.track .here:has-text("active")');
    await page.waitForSelector('section[aria-label="Replay"]:has-text("Stale: it ran against")');
    assert.equal((await at.house.call('wipe', '{}')).status, 200);
    await page.click('.flips button');
    await page.click('.calls a');
    await page.waitForSelector('.span');
    assert.deepEqual([...odd, ...bob.odd], []);
  });
});

/** Replay in a trace: commands for everybody who may look, a button for operators where everything was recorded, and what is missing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { type ReplayScene, startReplayScene } from '../../src/cli/testing/replay-scene.ts';
import { axe, chromiumMissing, launch } from './chromium.ts';
import { entering } from './visits.ts';

const missing = chromiumMissing();

describe('in a browser', missing === undefined ? {} : { skip: missing }, () => {
  let scene: ReplayScene;
  let browser: Browser;

  before(async () => {
    await buildDashboard();
    [scene, browser] = await Promise.all([startReplayScene(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await scene?.[Symbol.asyncDispose]();
  });

  const enter = entering(() => ({
    browser,
    house: { url: scene.hub.url, keys: { admin: { secret: scene.keys.admin }, vera: { secret: scene.keys.viewer } } },
  }));

  test('a request whose payloads were all kept runs again, and opens beside the record', async () => {
    scene.does('1.0', async (payload, call) => ({ found: await call('orders', 'find', payload) }));
    const { call, trace } = await scene.ask({ id: 7 });
    const before = { ...scene.reached };
    await using watched = await enter('admin', `/ui/requests/${call}?replay=on`);
    const { page, odd } = watched;
    await page.waitForSelector(`.replay >> text=airspace request replay ${call.slice(0, 8)} --against scripted`);
    await page.waitForSelector('.replay button:enabled:has-text("Run and compare")');
    assert.deepEqual(await axe(page), []);
    await page.click('.replay button:has-text("Run and compare")');
    await page.waitForURL(new RegExp(`/ui/compare\\?a=${trace}&b=[0-9a-f]{32}`));
    await page.waitForSelector('.main .panel >> text=orders/find');
    assert.equal(scene.reached['orders'], before['orders']);
    assert.deepEqual(odd, []);
  });

  test('what is missing is listed and the button stays shut, and whoever only looks is told what it needs', async () => {
    scene.does('1.0', async (payload, call) => ({ sent: await call('mail', 'send', payload) }));
    const { call } = await scene.ask({ id: 7 });
    await using admin = await enter('admin', `/ui/requests/${call}?replay=on`);
    await admin.page.waitForSelector('.replay li:has-text("reply of tool/mail/send")');
    await admin.page.waitForSelector('.replay button:disabled:has-text("Run and compare")');
    assert.deepEqual(await axe(admin.page), []);
    await using vera = await enter('vera', `/ui/requests/${call}`);
    await vera.page.click('.trace-head button:has-text("Replay")');
    await vera.page.waitForSelector('.replay >> text=this needs role');
    await vera.page.waitForSelector('.replay button:disabled:has-text("Run and compare")');
    assert.deepEqual([admin.odd, vera.odd], [[], []]);
  });
});

/** A hub on which nobody widens policy alone, with a policy that two people brought, and what tests do with it in a browser. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { buildDashboard } from '../../scripts/dashboard.ts';
import type { PolicyOverview, ReleaseOutcome, ReleaseView } from '../../src/contract/index.ts';
import { launch } from './chromium.ts';
import { type House, POLICY, startHouse } from './house.ts';
import { asking, entering } from './visits.ts';

export const rule = (id: string, when: string): string =>
  `@id("${id}") @reason("x") forbid (principal, action, resource) when { ${when} };\n`;

export class PolicyHouse implements AsyncDisposable {
  readonly house: House;
  readonly browser: Browser;
  readonly enter = entering(() => this);
  readonly ask = asking(() => this.house);
  #rounds = 0;

  private constructor(house: House, browser: Browser) {
    this.house = house;
    this.browser = browser;
  }

  static async start(): Promise<PolicyHouse> {
    await buildDashboard();
    const [house, browser] = await Promise.all([startHouse({ twoPerson: true }), launch()]);
    const made = new PolicyHouse(house, browser);
    await made.bring(POLICY, 'the house opens');
    await made.bring('@id("in") @reason("r") permit (principal, action, resource);', 'and so does money', 'money');
    for (const operation of ['look', 'look', 'wipe']) await house.call(operation, '{}');
    return made;
  }

  /** As two people do it, over the same routes. */
  async bring(text: string, reason: string, level = 'org'): Promise<void> {
    const resource = {
      ...{ apiVersion: 'airspace.dev/v1', kind: 'PolicyBundle', metadata: { name: level } },
      spec: { level, policies: { text } },
    };
    const staged = await this.ask<ReleaseOutcome>('bob', '/v1/policy/releases', { resources: [resource], reason });
    const path = `/v1/policy/releases/${staged.release.id.replace('sha256:', '')}`;
    if (staged.release.needsApproval) await this.ask('ada', `${path}:approve`, {});
    await this.ask('bob', `${path}:activate`, {});
  }

  async releases(): Promise<readonly ReleaseView[]> {
    return (await this.ask<{ items: readonly ReleaseView[] }>('ada', '/v1/policy/releases')).items;
  }

  /** The policy of the house, in words that were never active before, with nothing on trial; answers the version that it has. */
  async anew(): Promise<number> {
    const isTried = (await this.releases()).some(({ state }) => state === 'canary' || state === 'shadow');
    if (isTried) await this.ask('ada', '/v1/policy/releases:rollback', {});
    const round = ++this.#rounds;
    await this.bring(`${POLICY}${rule(`round-${round}`, `context.depth > ${100 + round}`)}`, `round ${round}`);
    const { items } = await this.ask<PolicyOverview>('ada', '/v1/policy/bundles');
    return items.find(({ name }) => name === 'org')?.version ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.house[Symbol.asyncDispose]();
  }
}

/** At the end of what stands there. */
export const write = async (page: Page, text: string): Promise<void> => {
  await page.waitForSelector('.editor >> .cm-line');
  await page.keyboard.press('e');
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(`\n${text}\n`);
};

const MOST_TABS = 80;

/** By the one key that everybody has. */
export const tabTo = async (page: Page, selector: string): Promise<void> => {
  const wanted = page.locator(selector).first();
  await wanted.waitFor();
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} cannot be reached`);
};

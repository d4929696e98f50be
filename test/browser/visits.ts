/** People of the house at a browser, and what they ask the hub beside it. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { axe, logIn, openPage, type Visit, type Watched } from './chromium.ts';

/** A hub, and the keys of people by their names. */
export interface Visited {
  readonly url: string;
  readonly keys: Readonly<Record<string, { readonly secret: string }>>;
}

/** Five logins a minute are all that an address gets, so everybody logs in once. */
export const entering = (at: () => { readonly browser: Browser; readonly house: Visited }) => {
  const visits = new Map<string, Visit>();
  return async (who: string, to = '/ui/requests'): Promise<Watched> => {
    const { browser, house } = at();
    const watched = await openPage(browser, { as: visits.get(who) });
    if (visits.has(who)) await watched.page.goto(`${house.url}${to}`);
    else await logIn(watched.page, house.url, house.keys[who]!.secret, to);
    visits.set(who, await watched.context.storageState());
    return watched;
  };
};

/** Without a body it is a GET. What is refused fails. */
export const asking =
  (house: () => Visited) =>
  async <T>(who: string, path: string, body?: unknown): Promise<T> => {
    const { url, keys } = house();
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${keys[who]!.secret}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = (await response.json()) as T;
    assert.ok(response.ok, JSON.stringify(answered));
    return answered;
  };

/** What axe finds in both themes. Empty is good. */
export const axeInBoth = async (page: Page): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const _ of ['dark', 'light']) {
    found.push(...(await axe(page)));
    await page.keyboard.press('t');
  }
  return found;
};

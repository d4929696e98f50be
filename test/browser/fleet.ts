/**
 * `npm run test:browser`: the dashboard over a real `airspace up` with the sample fleet. Each screen, in both themes and two sizes, is looked
 * at by axe and kept as a picture in `SHOTS` (default: a new folder below the system's temporary one) for people to look at.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { freePort } from '../../examples/fleet/free-port.ts';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { axe, chromiumMissing, launch, logIn, openPage, type Visit } from './chromium.ts';

const missing = chromiumMissing();
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const UP_WITHIN_MS = 90_000;
/** From when traffic runs to the first breaker that somebody sees open. */
const OPEN_WITHIN_MS = 60_000;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 1760, height: 1100 },
] as const;

/** A rule that the sample fleet does not have, so that calls wait for people. */
const WAITS = `
@id("refunds-wait") @reason("a refund of more than 10 euros needs somebody of finance")
@remedy("approval") @approval("roles=finance; ttl=15m")
forbid (principal is User in Role::"clerk", action, resource == Operation::"agent/refunds/issue")
when { context.args.amountCents > 1000 };
`;

/** Somebody to ask, and limits. */
const MORE = [
  {
    apiVersion: 'airspace.dev/v1',
    kind: 'User',
    metadata: { name: 'finn' },
    spec: { roles: ['finance', 'operator', 'policy-admin'] },
  },
  ...[
    ['house', 'organisation', '40.00 USD', undefined],
    ['concierge-day', 'agent concierge', '0.90 USD', undefined],
    ['each-visitor', 'target agent/concierge', '2.00 USD', 'session'],
  ].map(([name, scope, limit, per]) => ({
    ...{ apiVersion: 'airspace.dev/v1', kind: 'Budget', metadata: { name } },
    spec: { scope, unit: 'usd', limit, window: { every: 'day' }, ...(per === undefined ? {} : { per }) },
  })),
];

/** Anybody may have a refund, and nobody looks at large orders any more. */
const DRAFT = `// The operations domain: parcels and money.

@id("anyone-may-look")
@reason("reading orders and quotes is open to everyone in the house")
permit (principal, action, resource)
when { context.effect == "read" };

@id("own-agents-may-call-out")
@reason("agents of operations may call whatever the organisation lets them call")
permit (principal in Domain::"operations", action, resource);

@id("anyone-gets-a-refund")
@reason("a small refund is cheaper than a conversation about it")
permit (principal, action, resource == Operation::"agent/refunds/issue");

@id("large-refunds-are-not-paid-online")
@reason("a refund of more than 500 euros is not paid online; accounting pays it")
@code("REFUND_TOO_LARGE")
forbid (principal, action == Action::"agent/refunds/issue", resource)
when { context.args.amountCents > 50000 };
`;

const CASES = `cases:
  - name: a clerk issues a refund
    principal: user/clara
    target: agent/refunds/issue
    args: { order: 4, amountCents: 900, reason: broken }
    expect: { effect: allow }
`;

describe('the sample fleet in a browser', missing === undefined ? {} : { skip: missing }, () => {
  const data = mkdtempSync(join(tmpdir(), 'airspace-up-'));
  const shots = process.env['SHOTS'] ?? mkdtempSync(join(tmpdir(), 'airspace-shots-'));
  let up: ChildProcess;
  let browser: Browser;
  let url = '';
  let key = '';
  let finn = '';
  let visit: Visit;
  /** To stop somebody who is not there: an incident that changes nothing. */
  let order = '';
  /** As its row is addressed. */
  let breaker = '';

  const ask = async <T>(path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = (await response.json()) as T;
    assert.ok(response.ok, JSON.stringify(answered));
    return answered;
  };

  type Spec = Readonly<Record<string, unknown>> & { readonly policies?: { readonly text: string } };

  const changed = async (kind: string, change: (spec: Spec) => Spec, name?: string): Promise<readonly unknown[]> => {
    const asked = `/v1/resources?kind=${kind}${name === undefined ? '' : `&name=${name}`}`;
    const { items } = await ask<{ items: { resource: { spec: Spec } & Record<string, unknown> }[] }>(asked);
    return items.map(({ resource: { tenant: _, spec, ...rest } }) => ({ ...rest, spec: change(spec) }));
  };

  /** Models of the sample fleet cost nothing; here they cost a little. */
  const priced = (spec: Spec): Spec => ({ ...spec, price: { inputPerMTok: '40 USD', outputPerMTok: '160 USD' } });
  const waiting = (spec: Spec): Spec => ({ ...spec, policies: { text: `${spec.policies?.text ?? ''}${WAITS}` } });

  before(async () => {
    mkdirSync(shots, { recursive: true });
    await buildDashboard();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    up = spawn(process.execPath, [MAIN, 'up', '--port', String(port), '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await saying(up, /Traffic follows/);
    const readyMs = performance.now();
    key = readFileSync(join(data, 'admin.key'), 'utf8').trim();
    const resources = [
      ...(await changed('Model', priced)),
      ...(await changed('PolicyBundle', waiting, 'org')),
      ...MORE,
    ];
    await ask('/v1/resources:apply', { resources, origins: resources.map(() => 'test'), reason: 'for the pictures' });
    const principal = { kind: 'user', name: 'finn' };
    finn = (await ask<{ secret: string }>('/v1/keys', { principal, force: true })).secret;
    browser = await launch();
    await opened(readyMs + OPEN_WITHIN_MS);
    await tried();
    const kill = { kind: 'agent', name: 'nobody-yet', reason: 'it is not to begin before Monday' };
    order = (await ask<{ order: { id: string } }>('/v1/kills', kill)).order.id;
    await ask('/v1/audit:verify', {});
    await held();
  });
  after(async () => {
    await browser?.close();
    if (up?.exitCode === null) {
      const gone = new Promise((ended) => up.once('exit', ended));
      up.kill('SIGTERM');
      await gone;
    }
    rmSync(data, { recursive: true, force: true });
    console.log(`pictures in ${shots}`);
  });

  /** A release that decides a part of the calls, so that there is one to look at. */
  const tried = async (): Promise<void> => {
    const tighter = ({ policies, ...spec }: Spec): Spec => ({
      ...{ ...spec, policies: { text: (policies?.text ?? '').replace('> 50000', '> 40000') } },
    });
    const resources = await changed('PolicyBundle', tighter, 'operations');
    const cases = [{ name: 'operations.cases.yaml', text: CASES }];
    const { release } = await ask<{ release: { id: string } }>('/v1/policy/releases', {
      ...{ resources, cases, reason: 'refunds over 400 euros go to accounting' },
    });
    await ask(`/v1/policy/releases/${release.id.replace('sha256:', '')}:activate`, { percent: 25 });
  };

  /** Until somebody who looks sees that an instance gets no calls, from the traffic alone. */
  const opened = async (endMs: number): Promise<void> => {
    await using watched = await openPage(browser);
    await logIn(watched.page, url, finn, '/ui/incidents');
    visit = await watched.context.storageState();
    const row = watched.page.locator('.incidents tr:has(.standing.bad):has-text("breaker")');
    await row.first().waitFor({ timeout: Math.max(1, endMs - performance.now()) });
    const { items } = await ask<{ items: readonly { node: string; endpoint: string }[] }>('/v1/breakers');
    const [{ node, endpoint }] = items as [(typeof items)[number]];
    breaker = `breaker ${endpoint} ${node}`;
    console.log(
      `a breaker was open ${Math.round(OPEN_WITHIN_MS - (endMs - performance.now()))} ms after traffic began`,
    );
  };

  /** Until the traffic has made something wait. */
  const held = async (): Promise<void> => {
    await using watched = await openPage(browser, { as: visit });
    await watched.page.goto(`${url}/ui/approvals`);
    await watched.page.waitForSelector('.queue .card', { timeout: UP_WITHIN_MS });
  };

  for (const size of SIZES)
    for (const theme of ['dark', 'light'] as const)
      test(`every screen at ${size.width} in ${theme}`, async () => {
        await using watched = await openPage(browser, { size, theme, as: visit });
        const { page, odd } = watched;
        const trace = await longest();
        const screens: readonly (readonly [name: string, path: string, ready: string])[] = [
          ['topology', `/ui?sel=${trace}`, '.card-node.lit'],
          ['topology-mesh', '/ui?form=mesh', '.flow-map.mesh .card-node'],
          ['topology-hierarchical', `/ui?form=hierarchical&sel=${trace}`, '.flow-map.hierarchical .domain-head'],
          ['topology-table', '/ui?view=table', '.grid-table td'],
          ['requests', `/ui/requests?sel=${trace}`, '.peek .span'],
          ['requests-list', '/ui/requests', '.rows .request'],
          ['trace', `/ui/requests/${trace}?steps=all`, '.span'],
          ['policies', '/ui/policies?sel=operations', '.arms'],
          ['policies-diff', '/ui/policies?sel=operations&view=diff', '.editor >> .cm-mergeView'],
          ['policies-history', '/ui/policies?sel=org&view=history', '.bench td'],
          ['approvals', '/ui/approvals', '.sent pre'],
          ['budgets', '/ui/budgets?sel=house&by=target', '.two-lists .grid-table td'],
          [
            'usage',
            `/ui/budgets?view=usage&by=operation&sel=${encodeURIComponent('model/scripted-small/chat')}`,
            '.usage rect.one',
          ],
          ['agents', `/ui/agents?sel=${encodeURIComponent('agent/orders')}`, '.two-lists .grid-table td'],
          ['incidents', '/ui/incidents', '.incidents td'],
          ['incident', `/ui/incidents?sel=${encodeURIComponent(`order ${order}`)}`, '.acts .plain'],
          ['breaker', `/ui/incidents?sel=${encodeURIComponent(breaker)}`, '.acts button:has-text("Hold it open")'],
          ['audit', '/ui/audit', '.rows .entry .operation'],
          ['audit-record', `/ui/audit?kind=config.*&sel=${await change()}`, '.changed .lines'],
          ['compare', `/ui/compare?a=${trace}&b=${await longest(trace)}&row=0`, '.pair td'],
        ];
        for (const [name, path, ready] of screens) {
          await page.goto(`${url}${path}`);
          await page.waitForSelector(ready);
          await settled(page);
          await page.screenshot({ path: join(shots, `${name}-${size.width}-${theme}.png`) });
          assert.deepEqual(await axe(page), [], name);
        }
        await draft(page);
        await page.screenshot({ path: join(shots, `policies-draft-${size.width}-${theme}.png`) });
        assert.deepEqual(await axe(page), [], 'a draft');
        assert.deepEqual(odd, []);
      });

  /** A change that lets more through, with what is known of it. */
  const draft = async (page: Page): Promise<void> => {
    await page.goto(`${url}/ui/policies?sel=operations&release=draft&over=15m`);
    await page.waitForSelector('.editor >> .cm-line');
    await page.keyboard.press('e');
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(DRAFT);
    await page.waitForSelector('.findings .mark.warn:has-text("wider")');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('section[aria-label="Tests"] .badge:has-text("no cases")');
    await page.click('section[aria-label="Replay"] button:has-text("Run")');
    await page.waitForSelector('.flips button');
    await page.click('.flips button');
    await page.waitForSelector('.calls a');
    await page.click('h2:has-text("operations")');
  };

  /** A request with many spans: the one that shows the most. */
  const longest = async (not = ''): Promise<string> => {
    const { events } = await ask<{ events: readonly { trace: string; steps: readonly unknown[] }[] }>(
      '/v1/calls?limit=1000',
    );
    const sizes = new Map<string, number>();
    for (const { trace, steps } of events) sizes.set(trace, (sizes.get(trace) ?? 0) + 1 + steps.length);
    sizes.delete(not);
    return [...sizes].sort((a, b) => b[1] - a[1])[0]![0];
  };

  /** Number of the record of the last change of the configuration. */
  const change = async (): Promise<number> => {
    const { items } = await ask<{ items: readonly { seq: number }[] }>('/v1/audit?kind=config.applied&limit=1');
    return items[0]!.seq;
  };

  test('an operator holds a breaker open with a reason and a time, everybody sees by whom, and it is given back', async () => {
    await using watched = await openPage(browser, { as: visit });
    const { page, odd } = watched;
    await page.goto(`${url}/ui/incidents?sel=${encodeURIComponent(breaker)}`);
    await page.getByRole('button', { name: 'Hold it open' }).click();
    assert.ok(await page.locator('.hold button[type=submit]').isDisabled(), 'without a reason it is nothing');
    await page.getByLabel(/^Why/).fill('it is being looked at');
    await page.getByLabel('For how long').selectOption('1 minute');
    assert.deepEqual(await axe(page), [], 'the form');
    await settled(page);
    await page.screenshot({ path: join(shots, 'breaker-hold-1440-dark.png') });
    await page.keyboard.press('Tab');
    await page.locator('.hold button[type=submit]').click();
    await page.waitForSelector('.incidents tr.selected:has-text("held open")');
    await page.waitForSelector('dd:has-text("open by user/finn until")');
    await page.getByRole('button', { name: 'Give it back' }).click();
    await page.getByLabel(/^Why/).fill('it was looked at');
    await page.locator('.hold button[type=submit]').click();
    await page.waitForSelector('dd:has-text("by nobody")');
    assert.deepEqual(odd, []);
  });

  test('the map moves, a denial and a held call are there, and approving in the browser finishes the call', async () => {
    await using watched = await openPage(browser, { as: visit });
    const { page, odd } = watched;
    await page.goto(`${url}/ui/requests?filter=status:denied`);
    await page.waitForSelector('.rows .request .badge:has-text("denied")');
    await page.goto(`${url}/ui`);
    await page.waitForSelector('.flow-map canvas');
    await moving(page);
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForSelector('.sent pre');
    const { items } = await ask<{ items: readonly { id: string; expiresAtMs: number }[] }>(
      '/v1/approvals?state=pending',
    );
    const id = items.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs)[0]!.id;
    await page.goto(`${url}/ui/approvals?sel=${id}`);
    await page.waitForSelector('.ballot .yes:enabled');
    await page.keyboard.press('y');
    await page.keyboard.type('a photograph was seen');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.badges .badge:has-text("ran")', { timeout: 20_000 });
    await page.goto(`${url}/ui/requests/${id}`);
    await page.waitForSelector('.span .verb:has-text("approval")');
    await settled(page);
    await page.screenshot({ path: join(shots, 'trace-approved-1440-dark.png') });
    assert.deepEqual(odd, []);
  });
});

/** Fonts are there, and what was asked for has been drawn. */
const settled = async (page: Page): Promise<void> => {
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  await page.waitForSelector('.state.loading', { state: 'detached' });
};

/** Until a picture of the map has a dot in it. Asked from here, picture by picture: the page lets nobody evaluate text in it. */
const moving = async (page: Page): Promise<void> => {
  const looks = `new Promise(requestAnimationFrame).then(() => {
    const { width, height } = document.querySelector('.flow-map canvas');
    const pen = document.querySelector('.flow-map canvas').getContext('2d');
    return pen.getImageData(0, 0, width, height).data.some((value) => value !== 0);
  })`;
  for (const endMs = performance.now() + 30_000; !(await page.evaluate(looks)); )
    assert.ok(performance.now() < endMs, 'nothing moves on the map');
};

const saying = (child: ChildProcess, words: RegExp): Promise<void> =>
  new Promise((resolve, reject) => {
    const said: string[] = [];
    const late = setTimeout(() => reject(new Error(`not within ${UP_WITHIN_MS} ms: ${said.join('\n')}`)), UP_WITHIN_MS);
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (!words.test(line)) return;
        clearTimeout(late);
        resolve();
      });
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${said.join('\n')}`)));
  });

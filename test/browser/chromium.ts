/** A real browser for tests: the system's Chromium, with nothing of its own on the network, and a page that tells of everything odd. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];
const found = [process.env['CHROMIUM'], ...PLACES].find((path) => path !== undefined && existsSync(path));

/** Why there can be no browser here, or undefined when there can be one. With CI=true that is a failure, and not a reason to skip. */
export const chromiumMissing = (): string | undefined => {
  if (found !== undefined) return undefined;
  const reason = 'Chromium is not installed here (apt-get install chromium, or its path in CHROMIUM)';
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true wants everything checked`);
  console.error(`browser tests skipped: ${reason}`);
  return reason;
};

const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

export const launch = (): Promise<Browser> =>
  chromium.launch({
    ...(found === undefined ? {} : { executablePath: found }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...QUIET],
  });

export interface Watched extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the console, exceptions, dialogs, and requests that left this machine. Empty is good. */
  readonly odd: string[];
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What a browser keeps of somebody who logged in. */
export type Visit = Awaited<ReturnType<BrowserContext['storageState']>>;

export interface Opening {
  readonly size?: Size;
  /** What the system of whoever looks wants. */
  readonly theme?: 'dark' | 'light';
  /** Absent: somebody who comes for the first time. */
  readonly as?: Visit | undefined;
  /** Nothing of the test's in the page, for whoever measures it: axe cannot look at it. Default false. */
  readonly isPlain?: boolean;
}

export const openPage = async (
  browser: Browser,
  { size = { width: 1440, height: 900 }, theme = 'dark', as, isPlain = false }: Opening = {},
): Promise<Watched> => {
  const context = await browser.newContext({
    ...{ viewport: size, colorScheme: theme },
    ...(as === undefined ? {} : { storageState: as }),
  });
  const page = await context.newPage();
  const odd: string[] = [];
  page.on(
    'console',
    (message) => message.type() === 'error' && !isExpected(message.text()) && odd.push(message.text()),
  );
  page.on('pageerror', (error) => odd.push(String(error)));
  page.on('dialog', (dialog) => {
    odd.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(request.url())) odd.push(`left this machine: ${request.url()}`);
  });
  // Not a tag in the page: its policy would refuse that, and should.
  if (!isPlain) await page.addInitScript({ content: AXE });
  return { page, context, odd, [Symbol.asyncDispose]: () => context.close() };
};

/** A browser writes every answer from 400 on to its console, also one that the page asked for and understands. */
const isExpected = (text: string): boolean =>
  /^Failed to load resource: the server responded with a status of 40[01349]/.test(text);

/** What axe finds, one line for each place. Empty is good. */
export const axe = async (page: Page): Promise<readonly string[]> => {
  const violations = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.slice(0, 4).map(({ target, any }) => id + ': ' + target.join(' ') + ' ' + (any[0]?.message ?? ''))))`,
  )) as string[];
  return violations;
};

export const logIn = async (page: Page, url: string, key: string, to = '/ui/requests'): Promise<void> => {
  await page.goto(`${url}${to}`);
  await page.waitForURL(/\/login/);
  await page.fill('input[name=key]', key);
  await page.click('button');
  await page.waitForURL((at) => at.pathname.startsWith('/ui'));
  await page.waitForSelector('nav.rail');
};

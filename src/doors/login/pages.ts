/** The few pages of a login: plain forms without a script, so that nothing on them can be made to run. */
import type { ServerResponse } from 'node:http';
import { type Html, html } from '../pages/index.ts';
import type { LoginProvider } from './port.ts';

const NOTHING = html``;
const STYLE =
  'body{font:16px system-ui;margin:15vh auto;max-width:24rem;padding:0 1rem}input,button{font:inherit;padding:.4rem;width:100%;box-sizing:border-box;margin:.3rem 0}';

const page = (body: Html, head = NOTHING): string =>
  `<!doctype html>${
    html`<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">${head}<title>Airspace</title><style>${STYLE}</style><h1>Airspace</h1>${body}</html>\n`
      .text
  }`;

export const loginPage = (providers: readonly LoginProvider[], keys: boolean, to: string): string => {
  const links = providers.map(
    ({ id, issuer }) =>
      html`<p><a href="/login?provider=${encodeURIComponent(id)}&amp;to=${encodeURIComponent(to)}">Log in with ${issuer}</a>\n`,
  );
  const form = html`<form method="post" action="/login"><input type="hidden" name="to" value="${to}"><label>API key of a person<input name="key" type="password" autocomplete="off" required autofocus></label><button>Log in</button></form>`;
  const nothing = html`<p>No identity provider is set up, and keys are taken on the machine of the node only.`;
  return page(html`${links}${keys && form}${links.length === 0 && !keys && nothing}`);
};

/**
 * From here the browser goes on by itself. A redirect would still be the provider's navigation, and a strict cookie does not travel
 * with that.
 */
export const arrivedPage = (to: string): string =>
  page(html`<p>You are logged in. <a href="${to}">Go on</a>`, html`<meta http-equiv="refresh" content="0;url=${to}">`);

export const writePage = (
  res: ServerResponse,
  html: string,
  { status = 200, cookies = [] }: { readonly status?: number; readonly cookies?: readonly string[] } = {},
): void => {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    ...SAFE_HEADERS,
    ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
  });
  res.end(html);
};

export const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  // Not `no-referrer`: a browser says `origin: null` with a form then, and we ask where it comes from.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

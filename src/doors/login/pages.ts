/** The few pages of a login: plain forms without a script, so that nothing on them can be made to run. */
import type { ServerResponse } from 'node:http';
import { type Html, html } from '../pages/index.ts';
import type { LoginProvider } from './port.ts';

const NOTHING = html``;
/** The colours of the dashboard, and system fonts: nothing is loaded here. */
const STYLE = `:root{color-scheme:dark light;--bg:light-dark(#f4f5f7,#0a0c0f);--panel:light-dark(#fff,#0f1216);--line:light-dark(#c3cad4,#343c48);
--text:light-dark(#171b21,#e4e8ee);--mute:light-dark(#4e5968,#a1abb9);--accent:light-dark(#075cb3,#4aa8ff)}
body{font:13px/20px system-ui,sans-serif;background:var(--bg);color:var(--text);margin:14vh auto;max-width:22rem;padding:0 1rem}
h1{font-size:16px;font-weight:650;letter-spacing:-.02em}form,p{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:16px;margin:0 0 10px}
label{color:var(--mute);font-size:12px}input,button{font:inherit;color:inherit;width:100%;box-sizing:border-box;padding:7px 10px;margin:5px 0 10px;border:1px solid var(--line);border-radius:5px;background:var(--bg)}
button{margin:0;border:0;background:var(--accent);color:light-dark(#fff,#06121f);font-weight:550}a{color:var(--accent)}:focus-visible{outline:2px solid var(--accent);outline-offset:1px}`;

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

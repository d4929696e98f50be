/** How the pages look. A file of its own on the wire, because the pages allow no style inside of themselves. */
export const STYLE = `
:root{color-scheme:dark light;--bg:#0a0d12;--panel:#10141b;--raised:#151b24;--line:#1f2733;--text:#d8dee8;--dim:#8592a6;
--accent:#4d9bf5;--accent-bg:#12243c;--ok:#3fb27f;--ok-bg:#0f2a20;--warn:#e3a13b;--warn-bg:#2b2110;--bad:#ef5f67;--bad-bg:#2e1518;--on-ok:#06150e;
--sans:Inter,ui-sans-serif,system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;--mono:"JetBrains Mono",ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:light){:root{--bg:#f5f7fa;--panel:#fff;--raised:#f0f3f7;--line:#d9e0e9;--text:#1c2530;--dim:#5c6b7f;
--accent:#1f6fd0;--accent-bg:#e4effc;--ok:#1d8a59;--ok-bg:#e0f4ea;--warn:#a26a08;--warn-bg:#fbf0dc;--bad:#c8323b;--bad-bg:#fbe5e6;--on-ok:#fff}}
*{box-sizing:border-box}
html,body{margin:0;height:100%}
body{background:var(--bg);color:var(--text);font:13px/1.5 var(--sans);display:grid;grid-template:42px 1fr/166px 360px 1fr;
grid-template-areas:"brand top top" "rail queue main";min-height:100%}
a{color:inherit;text-decoration:none}
a:focus-visible,button:focus-visible,textarea:focus-visible,input:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.brand{grid-area:brand;display:flex;align-items:center;gap:9px;padding:0 14px;font-weight:600;border-right:1px solid var(--line)}
.brand svg{width:16px;height:16px;color:var(--accent)}
.top{grid-area:top;display:flex;align-items:center;gap:14px;padding:0 16px;border-bottom:1px solid var(--line);color:var(--dim)}
.top b{color:var(--text);font-weight:600}.top form{margin-left:auto;display:flex;align-items:center;gap:12px}
.rail{grid-area:rail;border-right:1px solid var(--line);padding:10px 7px;display:flex;flex-direction:column}
.rail a{display:flex;justify-content:space-between;padding:6px 10px;border-radius:6px;color:var(--dim)}
.rail a.on{background:var(--raised);color:var(--text);font-weight:600}
.rail .foot{margin-top:auto;padding:8px 10px;color:var(--dim);font-size:11px}
.count{background:var(--warn-bg);color:var(--warn);border-radius:9px;padding:0 7px;font-size:11px;line-height:18px}
.queue{grid-area:queue;border-right:1px solid var(--line);overflow:auto;background:var(--panel)}
.queue h2{font-size:11px;font-weight:600;color:var(--dim);margin:0;padding:12px 14px 6px;text-transform:uppercase;letter-spacing:.06em}
.card{display:grid;grid-template-columns:34px 1fr auto;gap:1px 10px;padding:9px 14px;border-top:1px solid var(--line);align-items:center}
.card:hover{background:var(--raised)}.card.on{background:var(--accent-bg);box-shadow:inset 2px 0 var(--accent)}
.card .ring{grid-row:span 2}.card .what{font-weight:600;overflow-wrap:anywhere}.card .who{grid-column:2/4;color:var(--dim);font-size:12px;overflow-wrap:anywhere}
.row .sub{margin:0}.ring{width:32px;height:32px}.ring circle{fill:none;stroke-width:3;stroke:var(--line)}.ring .left{stroke:var(--accent);stroke-linecap:round}
.ring.soon .left{stroke:var(--warn)}.ring.late .left{stroke:var(--bad)}.ring text{fill:var(--text);font:600 9px var(--mono);text-anchor:middle;dominant-baseline:central}
.main{grid-area:main;overflow:auto;padding:18px 24px 48px;min-width:0}
.main>*{max-width:880px}
h1{font-size:18px;line-height:1.35;margin:6px 0 2px;font-weight:600;overflow-wrap:anywhere}
.sub{color:var(--dim);margin:0 0 16px}
.mono,pre,code{font-family:var(--mono);font-size:12px}
.badge{display:inline-block;border-radius:4px;padding:0 7px;font:500 11px/19px var(--mono);background:var(--raised);color:var(--dim)}
.badge.ok{background:var(--ok-bg);color:var(--ok)}.badge.warn{background:var(--warn-bg);color:var(--warn)}.badge.bad{background:var(--bad-bg);color:var(--bad)}
.badge.info{background:var(--accent-bg);color:var(--accent)}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:8px;margin:0 0 14px;overflow:hidden}
.panel>header{display:flex;align-items:center;gap:10px;padding:8px 14px;border-bottom:1px solid var(--line);font-weight:600}
.panel>header small{margin-left:auto;font-weight:400;color:var(--dim)}
dl{display:grid;grid-template-columns:120px 1fr;gap:6px 16px;margin:0;padding:12px 14px}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
.untrusted{border-color:var(--warn)}.untrusted>header{background:var(--warn-bg);color:var(--warn);border-color:var(--warn)}.untrusted>header small{color:var(--warn)}
pre{margin:0;padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;max-height:420px;overflow:auto;direction:ltr}
.unseen{background:var(--bad);color:#fff;border-radius:3px;padding:0 4px;margin:0 1px;font:600 10px var(--mono);unicode-bidi:isolate}
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:6px 14px;overflow-wrap:anywhere;vertical-align:top}th{color:var(--dim);font-weight:400}tr+tr td{border-top:1px solid var(--line)}
.votes{list-style:none;margin:0;padding:4px 14px 8px}.votes li{display:flex;gap:10px;align-items:baseline;padding:5px 0}.votes li+li{border-top:1px solid var(--line)}
.votes q{color:var(--dim);overflow-wrap:anywhere}.votes time{margin-left:auto;color:var(--dim);white-space:nowrap}
.decide{padding:12px 14px;display:grid;gap:10px}.decide .row{display:flex;gap:10px;align-items:center;flex-wrap:wrap}
label{color:var(--dim);display:grid;gap:4px}
textarea,input[type=password]{width:100%;background:var(--bg);color:var(--text);border:1px solid var(--line);border-radius:6px;padding:8px 10px;font:13px/1.5 var(--sans)}
textarea.mono{font:12px/1.5 var(--mono);min-height:140px}
button{border:1px solid var(--line);background:var(--raised);color:var(--text);border-radius:6px;padding:6px 16px;font:600 13px var(--sans);cursor:pointer}
button.yes{background:var(--ok);border-color:var(--ok);color:var(--on-ok)}button.no{background:none;border-color:var(--bad);color:var(--bad)}button.plain{padding:3px 10px;font-weight:400}
summary{padding:8px 14px;cursor:pointer;color:var(--dim)}details[open] summary{border-bottom:1px solid var(--line)}
.note{border-left:3px solid var(--accent);background:var(--accent-bg);padding:8px 12px;border-radius:0 6px 6px 0;margin:0 0 14px}
.note.bad{border-color:var(--bad);background:var(--bad-bg)}
.empty{color:var(--dim);padding:48px 0;text-align:center}
.login{grid-column:1/-1;grid-row:1/-1;place-self:center;width:360px;background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:22px;display:grid;gap:14px}
.login h1{margin:0}.login .brand{grid-area:auto;padding:0;border:0}
@media (max-width:1000px){body{grid-template:42px auto 1fr/1fr;grid-template-areas:"top" "queue" "main"}.brand,.rail{display:none}.queue{border:0;max-height:40vh}.main{padding:14px}}
`;

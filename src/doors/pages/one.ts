/** One approval, drawn from what the node itself keeps and never from what an agent says about it. */
import { type ApprovalView, amountText, type StepCheck } from '../../contract/index.ts';
import { isJson } from '../../kernel/index.ts';
import { badge, span, type Visitor } from './frame.ts';
import { type Html, html, indented, visible } from './html.ts';

export const oneOf = (view: ApprovalView, { csrf }: Visitor, nowMs: number, problem?: string): Html => html`
${problem !== undefined && html`<p class="note bad">${visible(problem)}</p>`}
<div>${badge(view.state)} <span class="badge info">${visible(view.effect || 'effect unknown')}</span></div>
<h1>${visible(view.caller)} wants to call ${visible(view.target)}</h1>
<p class="sub">${visible(view.reason)}</p>
${plan(view)}
${payload(view)}
${facts(view, nowMs)}
${votes(view)}
${view.obstacle === null ? forms(view, csrf) : html`<p class="note">You cannot vote on it: ${visible(view.obstacle)}.</p>`}`;

const payload = ({ contentType, body, isText }: ApprovalView): Html => {
  const shown = isText && isJson(contentType) ? indented(body) : body;
  const size = isText ? Buffer.byteLength(body) : Math.floor((body.length * 3) / 4);
  return html`<section class="panel untrusted"><header>Exactly this is sent<small>written by the caller, untrusted · ${visible(contentType || 'no type')} · ${size} bytes${!isText && ', as base64'}</small></header><pre>${visible(shown, '\n')}</pre></section>`;
};

/** The check of a plan, where its run waits: every step with what it does to the world and what it costs. */
const plan = ({ plan: shown }: ApprovalView): Html | false => {
  if (shown === undefined) return false;
  const { check, changes } = shown;
  const changed = changes.map((change) => html`<p class="note bad">Since people were asked: ${visible(change)}</p>`);
  if (check === null) return html`${changed}`;
  return html`${changed}<section class="panel"><header>What it would do<small>definition <span class="mono">${check.digest}</span> · about ${money(check.estimateMicros)}, at most ${money(check.mostMicros)}</small></header>
<table><thead><tr><th>step</th><th>calls</th><th>effect</th><th>policy</th><th>cost</th><th>at most</th><th>taken back by</th></tr></thead><tbody>${check.steps.map(stepRow)}</tbody></table>
${check.problems.map((problem) => html`<p class="note bad">${visible(problem)}</p>`)}
${[...check.warnings, ...check.remarks].map((note) => html`<p class="note">${visible(note)}</p>`)}</section>`;
};

const stepRow = ({
  step,
  target,
  effect,
  policy,
  reason,
  costMicros,
  mostMicros,
  items,
  compensatedBy,
}: StepCheck): Html =>
  html`<tr><td>${visible(step)}</td><td>${visible(target || 'nobody')}</td><td>${effect === 'irreversible' ? html`<span class="badge bad">irreversible: cannot be undone</span>` : visible(effect || 'none')}</td><td>${visible(policy)}${reason !== '' && html`<br><span class="sub">${visible(reason)}</span>`}</td><td>${money(costMicros)}${often(items)}</td><td>${money(mostMicros)}${often(items)}</td><td>${visible(compensatedBy || 'nothing')}</td></tr>`;

const money = (micros: number | null): string => (micros === null ? 'unknown' : amountText(micros, 'micros'));

const often = (items: number | null): string => (items === null ? ' per item' : items === 1 ? '' : `, ${items} times`);

const list = (items: readonly string[], none: string): Html =>
  items.length === 0 ? html`${none}` : html`${items.map((item, at) => html`${at > 0 && ', '}${visible(item)}`)}`;

const facts = (view: ApprovalView, nowMs: number): Html => html`<section class="panel"><dl>
<dt>caller</dt><dd>${visible(view.caller)}</dd>
<dt>behind it</dt><dd>${list(view.behind, 'no person that this node knows of')}</dd>
<dt>session</dt><dd class="mono">${visible(view.session || 'none')}</dd>
<dt>target</dt><dd>${visible(view.target)}</dd>
<dt>effect</dt><dd>${visible(view.effect || 'unknown')}</dd>
${view.plan === undefined && html`<dt>cost</dt><dd>not known before it runs</dd>`}
<dt>held by</dt><dd>${list(view.rules, 'none')} <span class="mono">${visible(view.policyVersion)}</span></dd>
<dt>needs</dt><dd>${view.quorum} ${view.quorum === 1 ? 'person' : 'people'} with role ${list(view.roles, 'approver')}</dd>
${view.editedBy.length > 0 && html`<dt>changed by</dt><dd>${list(view.editedBy, '')}; they have no vote</dd>`}
<dt>asked</dt><dd>${time(view.createdAtMs)}</dd>
<dt>${view.state === 'pending' ? 'time left' : 'time was up'}</dt><dd>${view.state === 'pending' && html`${span(Math.max(0, view.expiresAtMs - nowMs))}, until `}${time(view.expiresAtMs)}; no answer means no</dd>
<dt>digest</dt><dd class="mono">${view.digest}</dd>
<dt>call</dt><dd class="mono">${view.id}</dd></dl></section>`;

const time = (ms: number): Html => {
  const text = new Date(ms).toISOString();
  return html`<time datetime="${text}">${text.replace('T', ' ').slice(0, 19)} UTC</time>`;
};

const votes = ({ votes: cast, approvals, quorum }: ApprovalView): Html =>
  html`<section class="panel"><header>Votes<small>${approvals} of ${quorum}</small></header><ul class="votes">${
    cast.length === 0
      ? html`<li>nobody has voted yet</li>`
      : cast.map(
          ({ user, verdict, comment, atMs }) =>
            html`<li><span class="badge ${verdict === 'approve' ? 'ok' : 'bad'}">${verdict}</span><b>${visible(user)}</b>${comment !== '' && html`<q>${visible(comment)}</q>`}${time(atMs)}</li>`,
        )
  }</ul></section>`;

const forms = ({ id, digest, body, isText, plan: shown }: ApprovalView, csrf: string): Html => {
  const hidden = html`<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="digest" value="${digest}">${shown !== undefined && html`<input type="hidden" name="check" value="${shown.answer}">`}`;
  return html`<section class="panel"><form class="decide" method="post" action="/approvals/${id}">${hidden}
<label>Comment, for the audit; a no is told to the caller<textarea name="comment" rows="2" maxlength="1000"></textarea></label>
<div class="row"><button class="yes" name="act" value="approve">Approve</button><button class="no" name="act" value="deny">Deny</button><span class="sub">one no is enough, and it runs once</span></div></form></section>
${
  isText &&
  html`<section class="panel"><details><summary>Change the arguments first</summary><form class="decide" method="post" action="/approvals/${id}">${hidden}
<label>What shall be sent instead<textarea class="mono" name="body" spellcheck="false">${`\n${body}`}</textarea></label>
<label>Comment<textarea name="comment" rows="2" maxlength="1000"></textarea></label>
<div class="row"><button name="act" value="edit">Propose</button><span class="sub">policy decides anew, all votes are gone, and you are an author: others must approve it</span></div></form></details></section>`
}`;
};

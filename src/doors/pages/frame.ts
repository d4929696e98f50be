/** What every page has around it: where one is, who one is, and what waits. */
import type { ApprovalCard, Principal } from '../../contract/index.ts';
import { type Html, html, visible } from './html.ts';

/** Somebody in front of a page. */
export interface Visitor {
  readonly principal: Principal;
  /** Comes back with every form: what a page of another site cannot know. */
  readonly csrf: string;
}

export const STYLE_PATH = '/approvals/style.css';

const MARK = html`<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M8 1.4 13.7 4.7v6.6L8 14.6 2.3 11.3V4.7z"/><circle cx="8" cy="8" r="2.2"/></svg>`;

export const BRAND = html`<div class="brand">${MARK}airspace</div>`;

/** A whole document. No script: there is nothing here that could be told to run one. */
export const documentOf = (title: string, body: Html): string =>
  `<!doctype html>${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${visible(title)}</title><link rel="stylesheet" href="${STYLE_PATH}"></head><body>${body}</body></html>`
      .text
  }`;

export interface Framed {
  readonly visitor: Visitor;
  readonly items: readonly ApprovalCard[];
  readonly selected: string;
  readonly nowMs: number;
  readonly main: Html;
}

export const frame = ({ visitor, items, selected, nowMs, main }: Framed): Html => {
  const waiting = items.filter(({ state }) => state === 'pending').sort((a, b) => a.expiresAtMs - b.expiresAtMs);
  const decided = items.filter(({ state }) => state !== 'pending');
  const card = (each: ApprovalCard): Html => cardOf(each, selected, nowMs);
  return html`${BRAND}
<div class="top"><b>Approvals</b><span>tenant ${visitor.principal.tenant}</span>
<form method="post" action="/approvals/logout"><span>${visitor.principal.id}</span><input type="hidden" name="csrf" value="${visitor.csrf}"><button class="plain">Sign out</button></form></div>
<nav class="rail"><a class="on" href="/approvals">Approvals ${waiting.length > 0 && html`<span class="count">${waiting.length}</span>`}</a><div class="foot">no answer in time means no</div></nav>
<aside class="queue"><h2>Waiting ${waiting.length > 0 && html`· ${waiting.length}`}</h2>${waiting.length === 0 ? html`<p class="empty">nobody waits for you</p>` : waiting.map(card)}
${decided.length > 0 && html`<h2>Decided</h2>${decided.map(card)}`}</aside>
<main class="main">${main}</main>`;
};

const cardOf = (card: ApprovalCard, selected: string, nowMs: number): Html =>
  html`<a class="card${card.id === selected && ' on'}" href="/approvals/${card.id}">${ring(card, nowMs)}<span class="what">${visible(card.target)}</span>${badge(card.state)}<span class="who">${visible(card.caller)} · ${card.approvals} of ${card.quorum}</span></a>`;

const LENGTH = 2 * Math.PI * 13;

/** Time left of the whole time, as an arc and in words. */
const ring = ({ state, createdAtMs, expiresAtMs }: ApprovalCard, nowMs: number): Html => {
  const leftMs = state === 'pending' ? Math.max(0, expiresAtMs - nowMs) : 0;
  const share = leftMs / Math.max(1, expiresAtMs - createdAtMs);
  const mood = state !== 'pending' ? '' : share < 0.1 ? ' late' : share < 0.3 ? ' soon' : '';
  return html`<svg class="ring${mood}" viewBox="0 0 32 32"><circle cx="16" cy="16" r="13"/><circle class="left" cx="16" cy="16" r="13" transform="rotate(-90 16 16)" stroke-dasharray="${(share * LENGTH).toFixed(1)} ${LENGTH.toFixed(1)}" visibility="${share > 0 ? 'visible' : 'hidden'}"/><text x="16" y="16.5">${state === 'pending' ? span(leftMs) : '–'}</text></svg>`;
};

/** `3d`, `4h`, `12m`, `40s`. */
export const span = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)}d`;
  if (seconds >= 2 * 3_600) return `${Math.floor(seconds / 3_600)}h`;
  return seconds >= 120 ? `${Math.floor(seconds / 60)}m` : `${seconds}s`;
};

const MOODS: Readonly<Record<ApprovalCard['state'], string>> = {
  pending: 'warn',
  approved: 'ok',
  consumed: 'ok',
  denied: 'bad',
  expired: 'bad',
  cancelled: '',
};

/** `consumed` is a word of ours; people want to know that it ran. */
const WORDS: Partial<Record<ApprovalCard['state'], string>> = { pending: 'waiting', consumed: 'ran' };

export const badge = (state: ApprovalCard['state']): Html =>
  html`<span class="badge ${MOODS[state]}">${WORDS[state] ?? state}</span>`;

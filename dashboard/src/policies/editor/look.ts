/** How text looks in an editor: the colours of the page, and every character that nobody would see by its number. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { numberOf } from '../../model/visible.ts';

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: 'light-dark(#3a4cab, #9db0f5)', fontWeight: '550' },
  { tag: tags.special(tags.variableName), color: 'light-dark(#3a4cab, #9db0f5)' },
  { tag: tags.typeName, color: 'light-dark(#7a3e9d, #c8a4ea)' },
  { tag: tags.string, color: 'light-dark(#1f6660, #86c9be)' },
  { tag: [tags.number, tags.atom], color: 'light-dark(#8a3b5c, #e3a7c2)' },
  { tag: tags.meta, color: 'var(--mute)' },
  { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
  { tag: tags.operator, color: 'var(--mute)' },
]);

const THEME = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--panel)', color: 'var(--text)', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '19px', letterSpacing: '-0.02em', scrollbarWidth: 'thin' },
  '.cm-content': { padding: '8px 0 40px', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 14px 0 8px' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--faint)', border: '0', fontSize: '10.5px' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '34px', padding: '0 6px 0 8px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine, &.cm-focused .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--selected)',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)' },
  '.unseen': {
    padding: '0 2px',
    borderRadius: '2px',
    background: 'var(--warn-soft)',
    color: 'var(--warn)',
    fontSize: '10px',
  },
  '.cm-tooltip': {
    maxWidth: '560px',
    border: '1px solid var(--line-hard)',
    borderRadius: '5px',
    background: 'var(--raise)',
    color: 'var(--text)',
    font: '11.5px / 17px var(--ui)',
  },
  '.cm-diagnostic': { padding: '4px 8px', borderLeft: '2px solid var(--faint)', overflowWrap: 'anywhere' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn)' },
  '.cm-diagnostic-info': { borderLeftColor: 'var(--accent)' },
  '.cm-diagnosticAction': {
    margin: '0 0 0 8px',
    padding: '0 6px',
    border: '1px solid var(--line)',
    borderRadius: '4px',
    background: 'none',
    color: 'var(--accent)',
    font: 'inherit',
  },
  // The pictures that the package brings would be `data:` addresses, which the page does not let in.
  '.cm-lintRange': {
    backgroundImage: 'none !important',
    paddingBottom: '0',
    textDecoration: 'underline wavy var(--faint)',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '3px',
  },
  '.cm-lintRange-error': { textDecorationColor: 'var(--bad)' },
  '.cm-lintRange-warning': { textDecorationColor: 'var(--warn)' },
  '.cm-lintRange-info': { textDecorationColor: 'var(--accent)', textDecorationStyle: 'dotted' },
  '.cm-lintPoint:after': { borderBottomColor: 'var(--bad)' },
  '.cm-lintPoint-warning:after': { borderBottomColor: 'var(--warn)' },
  '.cm-lintPoint-info:after': { borderBottomColor: 'var(--accent)' },
  '.cm-gutter-lint': { width: '12px' },
  '.cm-lint-marker': {
    width: '6px',
    height: '6px',
    margin: '6px 0 0 3px',
    borderRadius: '50%',
    background: 'var(--faint)',
    content: '""',
  },
  '.cm-lint-marker-error': { background: 'var(--bad)', content: '""' },
  '.cm-lint-marker-warning': { background: 'var(--warn)', content: '""' },
  '.cm-lint-marker-info': { background: 'var(--accent)', content: '""' },
});

const UNSEEN = /(?!\t)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

const numbered = (code: number): HTMLElement => {
  const span = document.createElement('span');
  span.className = 'unseen';
  span.textContent = numberOf(String.fromCodePoint(code));
  return span;
};

/** Of every editor; `label`: what its text is, for whoever hears it. */
export const look = (label: string): Extension => [
  lineNumbers(),
  drawSelection(),
  highlightSpecialChars({ specialChars: UNSEEN, render: numbered }),
  syntaxHighlighting(COLOURS),
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
  THEME,
];

/** Keys of the whole page. Nothing happens while somebody types, or with a key that belongs to the browser. */
import { useLayoutEffect, useRef } from 'react';

export type Keys = Readonly<Record<string, () => void>>;

/** Also below a shadow root, which the event itself does not show from outside. */
const targetOf = (event: Event): EventTarget | null => event.composedPath()[0] ?? event.target;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** It has its own idea of the key. */
const isPressable = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('button, a, [role="button"]') !== null;

const FIRST = 'g';
const WITHIN_MS = 1_200;

/** Names are keys as the browser says them; `g r` is one after the other. Escape works while typing, too. */
export const useKeys = (keys: Keys): void => {
  const known = useRef(keys);
  known.current = keys;
  // Before the screen is seen: whoever sees it may press a key.
  useLayoutEffect(() => {
    let firstAtMs = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector('dialog[open], [role="menu"]') !== null) return;
      const target = targetOf(event);
      if (isTyping(target) && event.key !== 'Escape') return;
      if (isPressable(target) && event.key === 'Enter') return;
      const isSecond = event.timeStamp - firstAtMs < WITHIN_MS;
      const act = known.current[isSecond ? `${FIRST} ${event.key}` : event.key];
      firstAtMs = !isSecond && event.key === FIRST ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
};

/** The draft of one bundle, kept by this browser under who looks and what they look at, and shared with its other windows. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useAccount } from '../frame/account.ts';
import { baseOf, type Draft, draftIn, edited, isSameText, type Part, type Versioned } from './draft.ts';

export interface Drafting {
  readonly draft: Draft | null;
  /** Why this browser does not keep it; empty when it does. */
  readonly trouble: string;
  /** What another window of this browser made of it meanwhile; nothing is kept until one of the two was chosen. */
  readonly other: Draft | null;
  /** Counts changes that did not come from the editor. */
  readonly epoch: number;
  readonly write: (part: Part, text: string) => void;
  /** Another text in its place, such as an older version. */
  readonly put: (text: Pick<Draft, 'policies' | 'limits'>) => void;
  /** As made from what is active now: whoever says so has seen the difference. */
  readonly rebase: () => void;
  readonly discard: () => void;
  /** What was thrown away last, as long as the page is open. */
  readonly thrown: Draft | null;
  readonly bringBack: () => void;
  /** The whole of a part, from a file. */
  readonly load: (part: Part, text: string) => void;
  readonly choose: (mine: boolean) => void;
}

const KEEP_AFTER_MS = 250;

export const useDraft = (bundle: string, active: Versioned): Drafting => {
  const { tenant, id } = useAccount();
  const key = `airspace-draft:${tenant}:${id}:${bundle}`;
  const [draft, setDraft] = useState(() => read(key));
  const [other, setOther] = useState<Draft | null>(null);
  const [trouble, setTrouble] = useState('');
  const [epoch, setEpoch] = useState(0);
  const [thrown, setThrown] = useState<Draft | null>(null);
  const newest = useRef(draft);
  const isWaiting = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const save = useCallback(() => {
    if (timer.current === undefined || isWaiting.current) return;
    clearTimeout(timer.current);
    timer.current = undefined;
    setTrouble(keep(key, newest.current));
  }, [key]);
  const set = (next: Draft | null): void => {
    newest.current = next;
    clearTimeout(timer.current);
    timer.current = setTimeout(save, KEEP_AFTER_MS);
    setDraft(next);
  };
  useEffect(() => {
    const heard = (event: StorageEvent): void => {
      const theirs = event.key === key ? draftIn(event.newValue) : undefined;
      if (theirs === undefined || isSameDraft(theirs, newest.current)) return;
      isWaiting.current = true;
      setOther(theirs);
    };
    addEventListener('storage', heard);
    addEventListener('pagehide', save);
    return () => {
      removeEventListener('storage', heard);
      removeEventListener('pagehide', save);
      save();
    };
  }, [key, save]);

  const at = (change: Parameters<typeof edited>[2]): Draft => ({
    ...edited(newest.current, active, change),
    savedAtMs: Date.now(),
  });
  const anew = (next: Draft | null): void => {
    set(next);
    setEpoch((before) => before + 1);
  };
  return {
    ...{ draft, trouble, other, epoch, thrown },
    write: (part, text) => set(at({ [part]: text })),
    put: ({ policies, limits }) => anew(at({ policies, limits })),
    rebase: () => newest.current !== null && set({ ...newest.current, base: baseOf(active), savedAtMs: Date.now() }),
    load: (part, text) => anew(at({ [part]: text })),
    discard: () => {
      setThrown(newest.current);
      anew(null);
    },
    bringBack: () => {
      anew(thrown);
      setThrown(null);
    },
    choose: (mine) => {
      isWaiting.current = false;
      if (mine) set(newest.current);
      else anew(other);
      setOther(null);
    },
  };
};

const isSameDraft = (a: Draft, b: Draft | null): boolean => b !== null && isSameText(a, b) && a.cases === b.cases;

const read = (key: string): Draft | null => {
  try {
    return draftIn(localStorage.getItem(key)) ?? null;
  } catch {
    return null;
  }
};

/** Answers why it is not kept. */
const keep = (key: string, draft: Draft | null): string => {
  try {
    if (draft === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(draft));
    return '';
  } catch {
    return 'this browser keeps nothing for us, or is full: the draft lasts as long as this page';
  }
};

/** Names of the bundles of which this browser keeps a draft of somebody. */
export const draftsOf = (tenant: string, user: string): readonly string[] => {
  const prefix = `airspace-draft:${tenant}:${user}:`;
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  } catch {
    return [];
  }
};

/** Rosters as each node gets them: cut to what concerns it, signed once for all who get the same, and new only when its own part is. */
import type { NodeEntry, Roster, Signed } from '../contract/index.ts';
import type { NodeKey } from '../identity/index.ts';
import { signDocument } from './sign.ts';

/** What a node gets of a roster; the same object for the same content of the same roster. */
export type CutRoster = (node: NodeEntry, roster: Roster) => Omit<Roster, 'seq'>;

export interface PublishedView {
  readonly seq: number;
  readonly signed: Signed;
}

interface Kept extends PublishedView {
  readonly node: NodeEntry;
  /** Without its number: what is compared. */
  readonly text: string;
  /** What was looked at last, so that nothing is looked at twice. */
  readonly of: Roster;
  readonly by: CutRoster;
}

export class RosterViews {
  readonly #key: NodeKey;
  readonly #kept = new Map<string, Kept>();
  readonly #texts = new WeakMap<object, string>();
  /** Of the newest roster, by content. */
  #signed = new Map<string, PublishedView>();
  #of: Roster | undefined;

  constructor(key: NodeKey) {
    this.#key = key;
  }

  /**
   * The newest view of a node. Its number is that of the roster in which it last changed.
   * `held`: what the node says that it has; a higher number than we gave it comes from another hub, and it gets ours as news.
   */
  newest(node: NodeEntry, roster: Roster, by: CutRoster, held = 0): PublishedView {
    const before = this.#kept.get(node.id);
    const isStrange = before !== undefined && held > before.seq && held < roster.seq;
    if (before !== undefined && !isStrange && before.of === roster && before.by === by) return before;
    const text = this.#textOf(by(node, roster));
    // Other routes under the same number would be another document with the number of an earlier one.
    const isSame = before !== undefined && !isStrange && (before.text === text || before.of === roster);
    const published = isSame ? before : this.#sign(text, roster);
    this.#kept.set(node.id, { ...published, node, text: isSame ? before.text : text, of: roster, by });
    return published;
  }

  /** Would anybody get something else than they were given last? */
  areOutdated(roster: Roster, by: CutRoster): boolean {
    return [...this.#kept.values()].some(({ node, text }) => this.#textOf(by(node, roster)) !== text);
  }

  forget(node: string): void {
    this.#kept.delete(node);
  }

  #textOf(content: Omit<Roster, 'seq'>): string {
    let text = this.#texts.get(content);
    if (text === undefined) {
      text = JSON.stringify(content);
      this.#texts.set(content, text);
    }
    return text;
  }

  #sign(text: string, roster: Roster): PublishedView {
    if (this.#of !== roster) {
      this.#of = roster;
      this.#signed = new Map();
    }
    let published = this.#signed.get(text);
    if (published === undefined) {
      const document: Roster = { seq: roster.seq, ...(JSON.parse(text) as Omit<Roster, 'seq'>) };
      published = { seq: roster.seq, signed: signDocument('roster', document, this.#key) };
      this.#signed.set(text, published);
    }
    return published;
  }
}

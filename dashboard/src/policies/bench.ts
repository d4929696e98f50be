/** What the parts of the bench share: one policy, and the change that is made to it. */
import type { BundleEntry, PolicyOverview, ReleaseView } from '../../../src/contract/index.ts';
import type { Hits } from '../model/hits.ts';
import type { Versioned } from './draft.ts';
import type { EditorHandle } from './editor/editor.tsx';
import type { StoredBundle } from './queries.ts';
import type { Drafting } from './use-draft.ts';

export interface Laid {
  readonly entry: BundleEntry;
  readonly overview: PolicyOverview;
  readonly releases: readonly ReleaseView[];
  readonly hits: Hits;
}

export interface Bench extends Laid {
  readonly stored: StoredBundle;
  readonly active: Versioned;
  readonly drafting: Drafting;
  /** What evidence is about: the draft, a release, or nothing that differs from what is active. */
  readonly subject: Subject;
}

/** What is to be done with the editor. */
export type Wanted = (editor: EditorHandle) => void;

export type Subject =
  | { readonly kind: 'draft' }
  | { readonly kind: 'release'; readonly release: ReleaseView }
  | { readonly kind: 'none' };

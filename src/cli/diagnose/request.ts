/** One question about files: what is there besides them, and what they may be compared with. Plain data, because it goes to a thread. */
import type { PolicyLevel, Resource, TextFile } from '../../contract/index.ts';

export interface DiagnoseRequest {
  readonly files: readonly TextFile[];
  /** Tenant of the author. Null: not known, so any is fine. */
  readonly tenant: string | null;
  /** The configuration that the files are laid over. */
  readonly running: readonly Resource[];
  /** Levels in force. Null: there is nothing to compare with. */
  readonly active: readonly PolicyLevel[] | null;
  /** Unix ms. */
  readonly wallMs: number;
}

/** A Fact as the registry hands it to policy: what was declared, and where. */
import type { FactSpec } from '../../contract/index.ts';

export interface FactDeclaration {
  readonly tenant: string;
  readonly name: string;
  readonly spec: FactSpec;
  /** Where it is written, for messages. */
  readonly source: string;
}

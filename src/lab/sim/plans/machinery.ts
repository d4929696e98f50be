/** The places where a defect may be planted. `SOUND` is the product, with this world around it. */
import type { Call, CallJournal, End, OperationEntry, PlanStore } from '../../../contract/index.ts';

export interface Machinery {
  /** The store of runs as a node has it. */
  readonly plans: (store: PlanStore) => PlanStore;
  readonly operation: (operation: OperationEntry) => OperationEntry;
  readonly end: (end: End) => End;
  /** The first transaction; `send` hands the call to its agent. */
  readonly begin: (begin: () => Promise<void>, send: () => void) => Promise<void>;
  readonly call: (call: Call) => Call;
  readonly resolve: CallJournal['resolve'] extends (resolution: infer R) => unknown ? (resolution: R) => R : never;
}

const same = <T>(value: T): T => value;

export const SOUND: Machinery = {
  plans: same,
  operation: same,
  end: same,
  begin: async (begin, send) => {
    await begin();
    send();
  },
  call: same,
  resolve: same,
};

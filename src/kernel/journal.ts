/** A journal of calls around another one. */
import type { CallJournal } from '../contract/index.ts';

/** The journal with some of its methods replaced. What is not replaced is asked of `calls` itself, whose methods need not be its own properties. */
export const journalWith = (calls: CallJournal, replaced: Partial<CallJournal>): CallJournal => ({
  accept: (record) => calls.accept(record),
  begin: (begin) => calls.begin(begin),
  end: (end) => calls.end(end),
  resolve: (resolution) => calls.resolve(resolution),
  conclude: (id, state, reply, atMs) => calls.conclude(id, state, reply, atMs),
  get: (tenant, id) => calls.get(tenant, id),
  open: () => calls.open(),
  unresolved: (tenant, limit) => calls.unresolved(tenant, limit),
  reopen: (tenant, id) => calls.reopen(tenant, id),
  prune: (beforeMs) => calls.prune(beforeMs),
  ...replaced,
});

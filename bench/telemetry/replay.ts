/** A recorded call once more, with everything that its layers said of it, and nothing of what they did. */
import type { Attributes, Call, CallEvent, Reply, Scope } from '../../src/contract/index.ts';
import type { Handler } from '../../src/kernel/index.ts';

export interface Replayed {
  readonly call: Call;
  /** Stands where the layers below `trace` are. */
  readonly below: Handler;
}

/** As a layer makes them anew for each call. */
const again = (attributes: Attributes): Attributes => ({ ...attributes });

export const replayed = (event: CallEvent): Replayed => {
  const { principal, target, lineage, steps } = event;
  const { endpoint, attempts, notes: _, ...said } = event.attributes;
  const found: Attributes = {
    ...said,
    tenant: event.tenant,
    ...(principal && { 'principal.kind': principal.kind, 'principal.id': principal.id }),
    ...(principal?.domain === undefined ? {} : { 'principal.domain': principal.domain }),
    ...{ 'tree.root': lineage.root, 'tree.depth': lineage.depth },
    ...{ 'target.kind': target.kind, 'target.name': target.name, 'target.operation': target.operation },
  };
  const bytes = new Uint8Array(event.replyBytes);
  const reply: Reply = {
    ...{ outcome: 'ok', status: event.httpStatus, contentType: 'application/json', headers: [] },
    ...{ body: { kind: 'bytes', bytes }, endpoint: String(endpoint ?? ''), attempts: Number(attempts ?? 1) },
  };
  return {
    call: {
      ...{ id: event.callId, credential: { kind: 'none' }, principal: null, target, lineage },
      ...{ contentType: 'application/json', accept: '*/*', headers: [] },
      body: { kind: 'bytes', bytes: new Uint8Array(event.requestBytes) },
      trace: { trace: event.trace, sampled: true },
      ...{ priority: 2, stream: false, via: [], retriedElsewhere: false, tried: [] },
    },
    below: async (_call: Call, { span, clock }: Scope) => {
      span.set(again(found));
      for (const { name, attributes } of steps) span.step(name, clock.nowMs(), again(attributes));
      return reply;
    },
  };
};

/** Answers of a hub that is not ours any more, about the audit, incidents and comparisons: every text in them is one that wants something. */
import { HOSTILE } from './hostile.ts';

export const recordAt = (seq: number, text: string) => ({
  ...{ tenant: 'default', seq, prev: text, hash: text, atMs: seq, kind: text, actor: text, callId: '' },
  object: text === 'plain' ? `what-${seq}` : seq === 2 ? 'revision/7' : text,
  details: { [text]: text, reason: text, rules: [text], state: text },
});

export const changeAt = (text: string) => ({
  ...{
    key: text,
    change: 'update',
    before: { spec: { text: 'a' } },
    after: { spec: { text } },
    paths: [text, 'spec.text'],
  },
  ...{ fromVersion: 1, toVersion: 2 },
});

export const incidentAt = (text: string, at: number) => ({
  ...{
    id: String(at),
    tenant: text,
    alert: text,
    node: text,
    severity: text,
    signal: 'errors',
    text,
    openedAtMs: Date.now(),
  },
  ...{ endedAtMs: null, ended: text, webhook: text, told: text },
  acknowledged: { by: text, atMs: Date.now(), note: text },
});

export const comparison = () => {
  const call = (text: string) => ({
    ...{
      callId: text,
      span: text,
      caller: text,
      target: `agent/${text}`,
      offsetMs: 0,
      durationMs: 1,
      waitedMs: 0,
      status: text,
    },
    ...{
      code: text,
      effects: [text],
      rules: [text],
      policies: [text],
      endpoint: text,
      attempts: 1,
      nodes: [text],
      tokens: 1,
      costMicros: 1,
    },
  });
  const tree = {
    trace: HOSTILE[0],
    startedAtMs: 1,
    durationMs: 1,
    waitedMs: 0,
    calls: 1,
    tokens: 1,
    costMicros: 1,
    isWhole: false,
  };
  const rows = HOSTILE.map((text, at) => ({
    depth: at,
    parent: null,
    a: call(text),
    b: call(text),
    differs: ['target', text],
  }));
  return { a: tree, b: tree, rows };
};

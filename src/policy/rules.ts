/** Rules of a text that was accepted once, without the registry that it was accepted with: to look at, never to decide by. */
import type { PolicyEntry } from '../contract/index.ts';
import { withCedar } from './cedar.ts';
import { textOf } from './parse.ts';

/** In no order. Undefined for a text that Cedar cannot read; what has no @id goes by its place. */
export const rulesIn = (text: string): readonly PolicyEntry[] | undefined =>
  withCedar((cedar) => {
    const parts = cedar.policySetTextToParts(text);
    if (parts.type === 'failure') return undefined;
    return parts.policies.map((policy, at): PolicyEntry => {
      const answer = cedar.policyToJson(policy);
      if (answer.type === 'failure') throw new Error('a part of a text that Cedar has read is none');
      const { annotations = {}, ...est } = answer.json;
      return { id: annotations['id'] || `#${at + 1}`, effect: est.effect, annotations: textOf(annotations), est };
    });
  });

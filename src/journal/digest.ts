/** The identity of a request for idempotency: content type and exact bytes, and in which words its answer is wanted. */
import { hash } from 'node:crypto';
import { type Call, formOf } from '../contract/index.ts';
import { payloadDigest } from '../kernel/index.ts';

type Asked = Pick<Call, 'contentType' | 'accept'> & { readonly body: Extract<Call['body'], { kind: 'bytes' }> };

/** An answer is kept in the words of whoever asked first, and would be no answer to whoever asks in others. */
export const digestOf = ({ contentType, accept, body }: Asked): string => {
  const wanted = formOf(accept);
  const words = wanted === 'plain' || wanted === formOf(contentType) ? contentType : `${contentType}\n${wanted}`;
  return hash('sha256', `${words}\n${payloadDigest(body)}`, 'hex');
};

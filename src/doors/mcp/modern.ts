/** Requests of 2026-07-28: each by itself, with everything that it means in its own headers and body. */
import { CODES, META, MODERN, nameMember, VERSIONS } from '../../dialects/mcp/index.ts';
import { Canceller } from '../../kernel/index.ts';
import type { Asked } from './asked.ts';
import type { Entering } from './entering.ts';
import { listening } from './listen.ts';
import { isJson, type Json, type Message, Refusal } from './message.ts';
import { checkField, fieldIn, mismatch } from './mirror.ts';
import { MODERN_METHODS, notThere, perform } from './perform.ts';
import { spoken } from './spoken.ts';
import { writeNothing, writeSpoken } from './write.ts';

/** Throws Refusal. */
export const answerModern = async (entering: Entering, message: Message): Promise<void> => {
  if (message.kind === 'response') throw invalid('clients of this version send no responses');
  if (message.kind === 'notification') return writeNothing(entering.res, 202);
  const meta = envelopeOf(message.params);
  checkHeaders(entering, message, meta);
  if (!MODERN_METHODS.has(message.method)) throw notThere(message.method);
  const canceller = new Canceller();
  entering.onGone((reason) => canceller.cancel(reason));
  const asked: Asked = {
    ...entering.client,
    version: MODERN,
    isModern: true,
    capabilities: meta[META.capabilities] as Json,
    parts: entering.parts,
    method: message.method,
    params: message.params,
    meta,
    takesEvents: entering.takesEvents,
    canceller,
    occurrence: {},
  };
  const messages = message.method === 'subscriptions/listen' ? listening(asked, message.id, entering) : perform(asked);
  const { res, parts, takesEvents, challenge } = entering;
  await writeSpoken(
    { res, clock: parts.world.clock, id: message.id, takesEvents, cancel: (reason) => canceller.cancel(reason) },
    spoken(asked, message.id, messages, challenge),
  );
};

const invalid = (text: string): Refusal => new Refusal(400, { code: CODES.invalidRequest, message: text });

const lacking = (what: string): Refusal =>
  new Refusal(400, { code: CODES.invalidParams, message: `\`_meta\` of a request must have ${what}` });

const envelopeOf = ({ _meta: meta }: Json): Json => {
  if (!isJson(meta)) throw lacking(`\`${META.version}\` and \`${META.capabilities}\``);
  if (typeof meta[META.version] !== 'string') throw lacking(`\`${META.version}\``);
  if (!isJson(meta[META.capabilities])) throw lacking(`\`${META.capabilities}\``);
  const { progressToken } = meta;
  if (progressToken !== undefined && typeof progressToken !== 'string' && typeof progressToken !== 'number')
    throw lacking('a string or a number as `progressToken`');
  return meta;
};

/** In this order: what contradicts itself is not asked which version it is of. */
const checkHeaders = (
  { client: { inbound } }: Entering,
  { method, params }: Extract<Message, { kind: 'request' }>,
  meta: Json,
): void => {
  const version = String(meta[META.version]);
  const said = fieldIn(inbound, 'mcp-protocol-version');
  if (said === undefined) throw mismatch('header `mcp-protocol-version` is missing; it must repeat what the body says');
  if (said !== version) throw mismatch('header `mcp-protocol-version` and the body do not say the same');
  if (version !== MODERN)
    throw new Refusal(400, {
      code: CODES.unsupportedVersion,
      message: 'this version is not spoken here, or not in this manner',
      data: { supported: VERSIONS, requested: version },
    });
  checkField(inbound, 'mcp-method', method);
  const member = nameMember(method);
  const named = member === undefined ? undefined : params[member];
  if (typeof named === 'string') checkField(inbound, 'mcp-name', named);
};

/** Holds what callers were told against what ran, by the ledger of the agent: nothing lost, nothing doubled, nothing made up. */
import type { Access } from '../../src/cli/deploy.ts';
import { FAULT_CODES, type FaultCode } from '../../src/contract/index.ts';
import type { Finding } from './finding.ts';
import type { Run } from './ledger.ts';
import { type Sent, send } from './load.ts';
import { type Answer, ask, eventually, isAcknowledged, NO_ANSWER } from './wire.ts';

export interface Case {
  readonly sent: readonly Sent[];
  /** The caller's way in, after the restart. */
  readonly access: Access;
  readonly runs: () => ReadonlyMap<string, readonly Run[]>;
}

/** A call that was accepted must come to an end within this time of the restart. */
const CONCLUDED_WITHIN_MS = 20_000;

/** How accepted asynchronous calls ended. `refused`: after its acceptance nobody could take it, and it never ran. */
export type Ending = 'done' | 'refused' | 'unknown';

export interface Audit {
  readonly findings: readonly Finding[];
  readonly endings: readonly Ending[];
}

export const audit = async (given: Case): Promise<Audit> => {
  const { sent, runs } = given;
  const early = notRun(given);
  const accepted = sent.filter(({ style, answer }) => style === 'async' && isAcknowledged(answer.status));
  const ended = await inBatches(accepted, (call) => auditAccepted(given, call));
  const before = runs();
  const keyed = sent.filter(({ key }) => key !== undefined);
  const again = await inBatches(keyed, (call) => auditAgain(given, call, before));
  return {
    findings: [
      ...early,
      ...ended.flatMap((one) => (typeof one === 'string' ? [] : [one])),
      ...again.flat(),
      ...heldAgainstLedger(given),
    ],
    endings: ended.filter((one) => typeof one === 'string'),
  };
};

/** "Not executed" is a promise too: whoever hears it may send the call again without a thought. */
const notRun = ({ sent, runs }: Case): readonly Finding[] => {
  const ran = runs();
  return sent
    .filter(({ style, id, answer }) => style !== 'read' && answer.headers['airspace-executed'] === 'no' && ran.has(id))
    .map(({ id, answer }) => ({ what: 'wrong', text: `${id} was answered ${answer.status}, not executed, and ran` }));
};

interface Polled {
  readonly state: string;
  readonly reply: { readonly outcome: string; readonly code: string } | null;
}

const CONCLUDED: ReadonlySet<string> = new Set(['done', 'unknown', 'cancelled']);

/** An accepted call is there to be polled, comes to an end, and the end is true. */
const auditAccepted = async ({ access, runs }: Case, call: Sent): Promise<Ending | Finding> => {
  const callId = String(idOf(call.answer));
  let last = NO_ANSWER;
  const polled = await eventually(async () => {
    last = await ask(`${access.url}/v1/calls/${callId}`, { key: access.key });
    if (last.status !== 200) return undefined;
    const record = JSON.parse(last.body) as Polled;
    return CONCLUDED.has(record.state) ? record : undefined;
  }, CONCLUDED_WITHIN_MS);
  if (polled === undefined)
    return { what: 'lost', text: `${call.id} was accepted as ${callId} and is now: ${say(last)}` };
  const ran = runs().get(call.id)?.length ?? 0;
  if (polled.reply?.outcome === 'ok' && ran === 0)
    return { what: 'lost', text: `${call.id} is done with a reply, and never ran` };
  const refused = polled.state === 'done' && saysNotRun(polled);
  if (refused && ran > 0)
    return { what: 'wrong', text: `${call.id} is done with \`${polled.reply?.code}\`, not executed, and ran` };
  return refused ? 'refused' : polled.state === 'unknown' ? 'unknown' : 'done';
};

const saysNotRun = ({ reply }: Polled): boolean =>
  reply?.outcome === 'fault' && FAULT_CODES[reply.code as FaultCode]?.executed === 'no';

/** The same key again: the same answer, and nothing runs that ran before. */
const auditAgain = async (
  { access, runs }: Case,
  call: Sent,
  before: ReadonlyMap<string, readonly Run[]>,
): Promise<readonly Finding[]> => {
  const again = await settled(access, call);
  const ran = runs().get(call.id)?.length ?? 0;
  const had = before.get(call.id)?.length ?? 0;
  if (isAcknowledged(call.answer.status)) {
    const same =
      again.status === call.answer.status &&
      (call.style === 'async' ? idOf(again) === idOf(call.answer) : again.body === call.answer.body);
    return [
      ...(same
        ? []
        : [
            {
              what: 'lost' as const,
              text: `${call.id} was answered ${say(call.answer)}, and its key again ${say(again)}`,
            },
          ]),
      ...(call.style === 'write' && ran !== had
        ? [{ what: 'doubled' as const, text: `${call.id} ran when its key was sent again` }]
        : []),
    ];
  }
  if (call.style === 'write' && isAcknowledged(again.status) && ran !== 1)
    return [{ what: 'lost', text: `${call.id} was answered ${say(again)} in the end, and ran ${ran} times` }];
  return [];
};

/** In flight is an answer for now only. */
const settled = async (access: Access, call: Sent): Promise<Answer> => {
  let last = NO_ANSWER;
  await eventually(async () => {
    last = await send(access, call);
    return last.status === 0 || (last.status === 409 && last.body.includes('in_flight')) ? undefined : true;
  }, CONCLUDED_WITHIN_MS);
  return last;
};

const idOf = ({ body, status }: Answer): unknown =>
  isAcknowledged(status) ? (JSON.parse(body) as { id: unknown }).id : undefined;

const say = ({ status, body }: Answer): string => `${status} ${body.slice(0, 160)}`;

/** I12: what was acknowledged is in the ledger. I2 and I4: what is not a read is there once. */
const heldAgainstLedger = ({ sent, runs }: Case): readonly Finding[] => {
  const ledger = runs();
  return sent.flatMap(({ id, style, answer }): readonly Finding[] => {
    const ran = ledger.get(id) ?? [];
    if (style !== 'async' && isAcknowledged(answer.status) && ran.length === 0)
      return [{ what: 'lost', text: `${id} was answered ${answer.status}, and never ran` }];
    if (style !== 'read' && ran.length > 1)
      return [
        {
          what: 'doubled',
          text: `${id} (${style}) ran ${ran.length} times: ${ran.map(({ instance, callId }) => `${instance} for ${callId.slice(0, 8)}`).join(', ')}`,
        },
      ];
    return [];
  });
};

/** Few at a time: the audit is not the load. */
const inBatches = async <T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<readonly R[]> => {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += 8) done.push(...(await Promise.all(all.slice(at, at + 8).map(work))));
  return done;
};

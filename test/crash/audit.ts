/** Holds what callers were told against what ran, by the ledger of the agent: nothing lost, nothing doubled, nothing made up. */
import type { Access } from '../../src/cli/deploy.ts';
import { FAULT_CODES, type FaultCode } from '../../src/contract/index.ts';
import type { Finding } from './finding.ts';
import type { Run } from './ledger.ts';
import { type Sent, send } from './load.ts';
import { type Answer, ask, eventually, isAcknowledged } from './wire.ts';

export interface Case {
  readonly sent: readonly Sent[];
  /** The caller's way in, after the restart. */
  readonly access: Access;
  readonly runs: () => ReadonlyMap<string, readonly Run[]>;
}

/** A call that was accepted must come to an end within this time of the restart. */
const CONCLUDED_WITHIN_MS = 20_000;

export const audit = async (given: Case): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  findings.push(...notRun(given));
  for (const batch of batches(
    given.sent.filter(({ style }) => style === 'async'),
    8,
  ))
    findings.push(...(await Promise.all(batch.map((call) => auditAsync(given, call)))).flat());
  const before = given.runs();
  for (const batch of batches(
    given.sent.filter(({ key }) => key !== undefined),
    8,
  ))
    findings.push(...(await Promise.all(batch.map((call) => auditAgain(given, call, before)))).flat());
  return [...findings, ...heldAgainstLedger(given)];
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

/** An acknowledged asynchronous call is there to be polled, comes to an end, and the end is true. */
const auditAsync = async ({ access, runs }: Case, call: Sent): Promise<readonly Finding[]> => {
  if (!isAcknowledged(call.answer.status)) return [];
  const callId = String((JSON.parse(call.answer.body) as { id: string }).id);
  let last: Answer | undefined;
  const concluded = await eventually(async () => {
    last = await ask(`${access.url}/v1/calls/${callId}`, { key: access.key });
    if (last.status !== 200) return undefined;
    const polled = JSON.parse(last.body) as Polled;
    return CONCLUDED.has(polled.state) ? polled : undefined;
  }, CONCLUDED_WITHIN_MS);
  if (concluded === undefined)
    return [
      {
        what: 'lost',
        text: `${call.id} was accepted as ${callId} and is now: ${last?.status} ${last?.body.slice(0, 200)}`,
      },
    ];
  const ran = runs().get(call.id)?.length ?? 0;
  if (concluded.reply?.outcome === 'ok' && ran === 0)
    return [{ what: 'lost', text: `${call.id} is done with a reply, and never ran` }];
  if (concluded.state === 'done' && saysNotRun(concluded) && ran > 0)
    return [{ what: 'wrong', text: `${call.id} is done with \`${concluded.reply?.code}\`, and ran` }];
  return [];
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
  let last: Answer = { status: 0, body: '', headers: {} };
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

const batches = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

/** Where agents and applications say how their work ended: `POST /v1/outcomes`, with the key that they call with. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, type KeptOutcome, type Principal, type SaidOutcome } from '../../contract/index.ts';
import { type Collecting, guardJson, limitsOf, readBody, readInbound, type Sayers, sayerOf } from '../http/index.ts';
import { writeProblem } from '../native/index.ts';
import { askedOf } from './asked.ts';

export const PATH = '/v1/outcomes';

/** Four times what the longest outcome has. */
const LIMITS = limitsOf({ payload: 16 * 1024 });

export interface OutcomesDoorOptions extends Sayers {
  readonly say: (principal: Principal, said: SaidOutcome) => Promise<KeptOutcome>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Takes faults whose causes only the operator may see: those with code `internal`. */
  readonly onInternal?: (fault: Fault, occurrence: object) => void;
}

/** True when the request is this door's and will be answered by it. */
export type OutcomesDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const outcomesDoor = (options: OutcomesDoorOptions): OutcomesDoor => {
  const collecting: Collecting = { bytes: 0 };
  return (req, res) => {
    if (req.url !== PATH) return false;
    void enter(options, collecting, req, res);
    return true;
  };
};

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (
  options: OutcomesDoorOptions,
  collecting: Collecting,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> => {
  try {
    if (req.method !== 'POST') return refuseMethod(res, options.random);
    write(res, await said(options, collecting, req));
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') options.onInternal?.(fault, { path: PATH });
    // What is left of a request that nobody read would be taken for the next one's beginning.
    if (!req.complete) res.shouldKeepAlive = false;
    writeProblem(res, fault, {}, options.random);
  }
};

const said = async (
  options: OutcomesDoorOptions,
  collecting: Collecting,
  req: IncomingMessage,
): Promise<KeptOutcome> => {
  const inbound = readInbound(req.rawHeaders);
  const principal = await sayerOf(req, inbound, options, 'outcomes');
  if (!/^application\/json\s*(;|$)/i.test(inbound.contentType))
    throw new Fault('bad_request', 'the content type must be application/json');
  if (inbound.contentEncoding !== '' && inbound.contentEncoding !== 'identity')
    throw new Fault('bad_request', 'compressed outcomes are not taken; send it as it is');
  const body = await readBody(req, inbound, LIMITS, collecting);
  if (body.kind === 'stream') throw new Fault('internal', 'a body of JSON is collected');
  guardJson(body.bytes);
  return options.say(principal, askedOf(body.bytes, inbound.trace));
};

const refuseMethod = (res: ServerResponse, random: () => number): void =>
  writeProblem(res, new Fault('bad_request', `${PATH} takes POST only`), {}, random, {
    status: 405,
    headers: ['allow', 'POST'],
  });

/** 201 for what is new, 200 for what was said before. */
const write = (res: ServerResponse, { isRepeated, ...outcome }: KeptOutcome): void => {
  if (res.headersSent || res.destroyed) return;
  const body = JSON.stringify({ ...outcome, repeated: isRepeated });
  res.writeHead(isRepeated ? 200 : 201, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  res.end(body);
};

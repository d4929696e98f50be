/**
 * How somebody finds out what there is: a catalog at a known place, and a registry that can be searched. Strangers see what the
 * configuration marks as public, and who is known what they may call.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Credential, Fault } from '../../contract/index.ts';
import { readInbound } from '../http/index.ts';
import type { Entering } from './asked.ts';
import { entriesOf } from './entries.ts';
import { type Service, serviceAt } from './services.ts';
import type { CatalogOptions } from './words.ts';
import { cachingOf, writeError, writeFault, writeFound } from './write.ts';

/** True when the request is this door's and will be answered by it. */
export type CatalogDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const catalogDoor = (options: CatalogOptions): CatalogDoor => {
  const { collecting = { bytes: 0 } } = options;
  return (req, res) => {
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    const service = serviceAt(path);
    if (service === undefined) return false;
    void enter({ options, req, res, path, query, collecting }, service);
    return true;
  };
};

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (entering: Entering, service: Service): Promise<void> => {
  const { req, path, options } = entering;
  try {
    const { method } = service;
    if (req.method === method || (method === 'GET' && req.method === 'HEAD')) await answer(entering, service);
    else
      writeError(entering, 405, { errorCode: 'INVALID_ARGUMENT', message: `this path takes ${method} only` }, [
        'allow',
        method,
      ]);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') options.onInternal?.(fault, { path });
    writeFault(entering, fault);
  }
};

const answer = async (entering: Entering, service: Service): Promise<void> => {
  const { req, options } = entering;
  const inbound = readInbound(req.rawHeaders);
  const credential = options.known?.(inbound) ?? inbound.credential;
  const isKnown = credential.kind !== 'none';
  const base = baseOf(req);
  const entries = await entriesOf(base, await targetsFor(options, credential), isKnown);
  writeFound(entering, await service.answer({ ...entering, base, entries }), cachingOf(isKnown));
};

const targetsFor = async ({ directory, published }: CatalogOptions, credential: Credential) =>
  credential.kind === 'none' ? published() : directory.visible(await directory.identify(credential), ['agent', 'tool']);

/** As the caller reached us; the listener has checked the host. */
const baseOf = ({ socket, headers: { host = '' } }: IncomingMessage): string =>
  `${'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'}://${host}`;

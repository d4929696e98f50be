/** The numbers of a node that has no other administration: the path, the rights and the answer are those of `/metrics` at a hub. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../../contract/index.ts';
import { writeProblem } from '../native/index.ts';
import { writeAnswer } from './answer.ts';
import { authorise, credentialOf, refuseForeignPages } from './authorise.ts';
import type { AdminPorts } from './ports.ts';

export type MetricsPorts = Pick<AdminPorts, 'resolver' | 'world' | 'onInternal'> & {
  readonly metrics: Pick<AdminPorts['metrics'], 'text'>;
};

/** True when the request is this door's and will be answered by it. */
export const metricsDoor =
  (ports: MetricsPorts) =>
  (req: IncomingMessage, res: ServerResponse): boolean => {
    if ((req.url ?? '').split('?', 1)[0] !== '/metrics') return false;
    void answer(ports, req, res);
    return true;
  };

/** Never throws: whatever happens becomes an answer. */
const answer = async (ports: MetricsPorts, req: IncomingMessage, res: ServerResponse): Promise<void> => {
  const { resolver, world, metrics, onInternal } = ports;
  try {
    refuseForeignPages(req);
    if (req.method !== 'GET') throw new Fault('bad_request', 'this path takes GET only');
    const principal = await resolver.resolve(credentialOf(req), world.clock.wallMs());
    authorise(principal, { least: 'viewer', everyTenant: true });
    writeAnswer(res, { kind: 'text', ...(await metrics.text(req.headers.accept ?? '')) });
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code === 'internal') onInternal?.(thrown, '/metrics');
    // What is left of a request that nobody read would be taken for the next one's beginning.
    if (!req.complete) res.shouldKeepAlive = false;
    writeProblem(res, Fault.from(thrown), {}, world.random);
  }
};

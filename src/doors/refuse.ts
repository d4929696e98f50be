/** How the listener itself says no, before any door has looked at the request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from '../contract/index.ts';

/** The few codes that arise here; doors have tables of their own. */
const statusOf = (fault: Fault): number => {
  if (fault.code === 'bad_request') return 400;
  return fault.code === 'not_found' ? 404 : 500;
};

export const refuseRequest = (req: IncomingMessage, res: ServerResponse, fault: Fault): void => {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  if (!req.complete) res.shouldKeepAlive = false;
  const body = JSON.stringify({
    type: `https://airspace.dev/problems/${fault.code}`,
    status: statusOf(fault),
    detail: fault.message,
    code: fault.code,
    executed: fault.executed,
  });
  res.writeHead(statusOf(fault), { 'content-type': 'application/problem+json', 'x-content-type-options': 'nosniff' });
  res.end(body);
};

/** How the listener itself says no, before any door has looked at the request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from '../contract/index.ts';

/** The few codes that arise here; doors have tables of their own. */
const statusOf = (fault: Fault): number => {
  if (fault.code === 'bad_request') return 400;
  if (fault.code === 'unavailable') return 503;
  if (fault.code === 'unauthenticated') return 401;
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
  res.writeHead(statusOf(fault), {
    'content-type': 'application/problem+json',
    // Another node reads a short answer as a whole, and only then as our own word; what is streamed is a target's.
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
  });
  res.end(body);
};

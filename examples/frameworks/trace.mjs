/**
 * Passes trace context on, as OpenTelemetry's instrumentation of Node does: what a process is asked with goes with everything that it asks
 * meanwhile. `node --import ./trace.mjs agent.mjs`; the agent knows nothing of it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { Server } from 'node:http';

const PASSED = ['traceparent', 'airspace-run'];
const own = { traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01` };
const asked = new AsyncLocalStorage();

const serve = Server.prototype.emit;
Server.prototype.emit = function (event, ...args) {
  if (event !== 'request') return serve.call(this, event, ...args);
  const { headers } = args[0];
  const context = Object.fromEntries(PASSED.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])));
  return asked.run(context, () => serve.call(this, event, ...args));
};

const send = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  for (const [name, value] of Object.entries(asked.getStore() ?? own)) if (!headers.has(name)) headers.set(name, value);
  return send(input, { ...init, headers });
};

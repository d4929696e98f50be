/**
 * MCP in its eras, modern (2026-07-28) and legacy (up to 2025-11-25). This is what doors and upstreams agreed on about the form `mcp`.
 *
 * **A call.** `tools/call` has the tool's name as operation. With nothing but arguments its body is plain: the arguments. With more
 * (`inputResponses`, `requestState`, `task`) it is `{arguments, inputResponses, ...}` in form mcp. Every other method is governed as one
 * of the `mcp.*` operations, body `{method, params}` in form mcp. `params` are without `_meta` (`bodyOf` writes all that, `requestOf`
 * reads it). `accept` is `documentIn('mcp')`, or `eventsIn('mcp')` with `stream: true` for whoever takes notifications.
 *
 * **`_meta`** without the trace goes in the header `mcp-meta` (`writeMeta`, `readMeta`). The door puts there what counts for this
 * request: `META.version` is the version that the *client* speaks and decides in whose era the answer is; `META.capabilities` what it
 * declared, with this request or in its `initialize`; `META.clientInfo`, `META.logLevel`, `progressToken`, as they are. Without
 * `META.version` the caller is taken for a modern one without capabilities.
 *
 * **An answer** is the `result` object as document in form mcp, or a stream of events whose data are JSON-RPC messages: notifications,
 * and for callers with a session requests of the server, as they are; the last one is `{result}` or `{error}`. A JSON-RPC error without
 * a stream before it is a failed reply with `{error: {code, message, data}}`. Both are in the era of the caller: nothing is changed when
 * the server is of the same, `modernResult`, `legacyResult`, `modernError` and `legacyError` have been applied when it is not.
 * A reply has a `pin`; whatever follows on it (a retry with `requestState`, a task, a session) must bring that pin again.
 *
 * **Sessions** of legacy callers: `initialize` (operation `mcp.session`) answers with the header `mcp-session-id`, a handle of the
 * last node that belongs to the principal who made it. The door maps it to an id of its own and sends it, with the pin, with every
 * call of that session. It is there for modern servers too: they have no sessions, so the last node keeps one. What a server asks in the
 * middle of a call comes as a request on the stream, whatever era it is of; answers go back as `mcp.session`, method `$response`, params
 * `{id, result}` or `{id, error}`. `$stream` (`mcp.listen`, params `{}`) is the stream of a GET; `$close` the DELETE.
 * A session that is over is `not_found` with the fact `session: 'over'`.
 *
 * **What is followed** (`subscriptions/listen`, `$stream`): the reply is there when the server listens, its first event may come much
 * later. `META.subscription` in it is an id of the last node, which the door replaces by that of its client's request. A server without
 * such a stream fails with status 405. To cancel is to close the call: the server hears of it in the way of its era.
 *
 * **A status** of a failed reply is that of the server where it has one, 502 for its 401 and 403: those are not about the caller.
 *
 * **Modern callers** have no sessions. What a legacy server asks in the middle of their call is answered as `input_required`, and the
 * last node holds the call of the server open until the retry comes with its `requestState`.
 */
export * from './codes.ts';
export {
  canonical,
  type Definition,
  fingerprint,
  type Standing,
  standingOf,
  type ToolPage,
  toolsIn,
} from './definitions.ts';
export { mcp } from './dialect.ts';
export { bodyOf, type McpBody, type McpRequest, requestOf, textOf } from './form.ts';
export { membersOf, objectOf } from './members.ts';
export * from './messages.ts';
export { META, META_HEADER, type Meta, MOST_META, readMeta, SESSION_HEADER, writeMeta } from './meta.ts';
export { CALL_TOOL, CLOSE, isCacheable, isProtocol, nameMember, operationOf, RESPONSE, STREAM } from './methods.ts';
export { fieldText, fieldValue, type Mirror, mirrored, mirrorsIn } from './mirrors.ts';
export { legacyResult, modernResult, resultTypeOf, type ServerInfo } from './results.ts';
export { type Era, eraOf, LEGACY, MODERN, namesVersion, VERSIONS } from './versions.ts';

/** A hub above hubs: it reaches agents through other nodes, which govern and retry the call again, each for itself. */
import { type Call, Fault, type Reply } from '../../contract/index.ts';
import {
  type Handler,
  notSent,
  remainingMs,
  rootScope,
  silentSpan,
  throwIfNotSendable,
  type World,
} from '../../kernel/index.ts';
import type { Node } from './node.ts';
import type { Router, RouterSetting } from './routers.ts';

/** What a node takes off the time that it hands on (D1). */
const HOP_MS = 5;
/** Share of hops that find no connection: nothing was sent, so another node may be tried. */
const UNREACHABLE_SHARE = 0.02;

/** Any node below will do, one that was not tried before if there is one (R5). */
export const treeRouter =
  (below: readonly Node[]) =>
  ({ world }: RouterSetting): Router => ({
    breakers: () => [],
    cameBack: () => true,
    taken: () => 0,
    covered: () => 0,
    handler: (call, scope) => {
      const fresh = below.filter(({ setting }) => call.avoid?.includes(setting.name) !== true);
      const choice = fresh.length > 0 ? fresh : below;
      const node = choice[Math.floor(world.random() * choice.length)]!;
      call.avoid?.push(node.setting.name);
      return hop(node, world)(call, scope);
    },
  });

/** To another node and back: a cancel closes the connection, and a fault that the other node reports is `remote`. */
const hop =
  (node: Node, world: World): Handler =>
  async (call, scope) => {
    throwIfNotSendable(scope);
    if (world.random() < UNREACHABLE_SHARE) throw new Fault('unreachable', 'no connection to the node');
    return new Promise<Reply>((resolve, reject) => {
      const { scope: theirs, canceller } = rootScope(node.world, silentSpan(scope.span.spanId));
      let sent = false;
      const forget = scope.signal.onCancel((reason) => {
        reject(sent ? reason : notSent(reason));
        canceller.cancel(new Fault('cancelled', 'the calling node closed the connection'));
      });
      world.clock.after(1 + 2 * world.random(), () => {
        if (scope.signal.reason !== undefined) return;
        sent = true;
        node.handler(handedOn(call, remainingMs(scope) - HOP_MS), theirs).then(
          (reply) => {
            // A stream needs the way for cancels to its end.
            if (reply.body.kind === 'bytes') forget();
            resolve(reply);
          },
          (thrown) => {
            forget();
            reject(reported(Fault.from(thrown)));
          },
        );
      });
    });
  };

const handedOn = ({ avoid: _, ...call }: Call, timeoutMs: number): Call => ({ ...call, timeoutMs });

const reported = ({ code, message, executed, facts, retryAfterMs }: Fault): Fault =>
  new Fault(code, message, { executed, facts, remote: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

/** What all kinds of nodes have in common: how they are started, what runs then, and how their doors close. */

import type { LogLevel } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import type { Listener, ListenOptions } from '../../doors/index.ts';
import type { Canceller, OverloadLevel } from '../../kernel/index.ts';
import type { GrpcAddress } from './grpc.ts';
import type { LivePipeline } from './live.ts';
import type { OtlpMetricSettings, OtlpSettings } from './otlp.ts';

export interface NodeOptions {
  /** Data directory; created when it is not there. */
  readonly dir: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly level: LogLevel;
  /** Takes log lines, each with its newline. */
  readonly log: (line: string) => void;
  /** How long records of calls, with what they keep of payloads, and traces stay. Default 7 days, at least one. */
  readonly keepMs?: number | undefined;
  /** Longest payload of a call, in bytes. Default 1 MiB. */
  readonly maxPayload?: number | undefined;
  /** The collector that gets every trace. Default: none. */
  readonly otlp?: OtlpSettings | undefined;
  /** The collector that gets its metrics. Default: none. */
  readonly otlpMetrics?: OtlpMetricSettings | undefined;
  /** Series of one family in `/metrics` with names of their own. Default 1,000. */
  readonly metricSeries?: number | undefined;
  readonly allowPublic?: boolean;
  /** Takes word of calls that wait for people, and of what became of them. */
  readonly approvalWebhook?: string;
  /** Public without TLS: works, and is a weakened control. */
  readonly allowPlainPublic?: boolean;
  readonly tls?: NonNullable<ListenOptions['tls']>;
  /** Development: requests of the node's own may go to this machine and its networks. Default false. */
  readonly allowPrivateEgress?: boolean;
  /** Where A2A is spoken over gRPC. Default: nowhere. */
  readonly grpc?: GrpcAddress;
  /** Base URL under which other nodes reach this one, when it is not the one that is bound. */
  readonly advertise?: string | undefined;
  /** How much too much there is to do, asked once per call. Default: what this process reads about itself. */
  readonly overload?: () => OverloadLevel;
}

export interface RunningNode {
  readonly id: string;
  readonly url: string;
  /** `host:port` of its gRPC listener; empty: it has none. */
  readonly grpc: string;
  readonly live: LivePipeline;
  /** Graceful: finishes what is under way first. */
  stop(graceful: boolean): Promise<void>;
}

/** Streams of the admin door end first: they have no end of their own, and a drain would wait for them. */
export const closeListener = async (listener: Listener, closing: Canceller, graceful: boolean): Promise<void> => {
  closing.cancel(new Fault('unavailable', 'this node is going away'));
  await listener.close(graceful);
};

export const weakenedBy = ({
  allowPlainPublic,
  tls,
  allowPrivateEgress,
}: Pick<NodeOptions, 'allowPlainPublic' | 'tls' | 'allowPrivateEgress'>): readonly string[] => [
  ...(allowPlainPublic === true && tls === undefined ? ['public listener without TLS'] : []),
  ...(allowPrivateEgress === true ? ['requests of its own may go to private addresses'] : []),
];

/** For our own logs only. */
export const describe = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);

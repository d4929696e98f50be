/** Passive ejection (H1): takes an endpoint out of its pool on the evidence of real calls. Works on use, without timers. */
import type { EndpointRecord } from './endpoints.ts';

const CONSECUTIVE = 5;
/** INVARIANT: never more than this part of a pool is out. */
export const MAX_EJECTED_SHARE = 0.5;
const EJECTION_MS = 30_000;
const MAX_EJECTION_MS = 300_000;
/** One ejection is forgiven for each such span in which the endpoint answers well. */
const FORGIVE_MS = 30_000;

const MIN_HOSTS = 5;
const MIN_CALLS = 100;
const SIGMAS = 1.9;
/** Rates are judged once per window, and never on older calls than the longest window holds. */
const WINDOW_MS = 10_000;
const MAX_WINDOW_MS = 60_000;

export const isEjected = (record: EndpointRecord, nowMs: number): boolean => nowMs < record.ejectedUntilMs;

export const noteSuccess = (record: EndpointRecord, nowMs: number): void => {
  record.windowCalls++;
  record.windowOks++;
  record.consecutiveFailures = 0;
  if (record.ejections === 0 || isEjected(record, nowMs)) return;
  if (nowMs - Math.max(record.forgivenAtMs, record.ejectedUntilMs) < FORGIVE_MS) return;
  record.ejections--;
  record.forgivenAtMs = nowMs;
};

/** Answers whether this failure ejected the endpoint. `hosts` is its whole pool, ejected ones included. */
export const noteFailure = (record: EndpointRecord, hosts: readonly EndpointRecord[], nowMs: number): boolean => {
  record.windowCalls++;
  record.consecutiveFailures++;
  return record.consecutiveFailures >= CONSECUTIVE && eject(record, hosts, nowMs);
};

/** INVARIANT: at most half of the hosts are out; a pool of one or none never loses anybody. */
const eject = (record: EndpointRecord, hosts: readonly EndpointRecord[], nowMs: number): boolean => {
  if (isEjected(record, nowMs) || ejectedOf(hosts, nowMs).length + 1 > mostOut(hosts)) return false;
  record.ejections++;
  record.ejectedUntilMs = nowMs + Math.min(EJECTION_MS * record.ejections, MAX_EJECTION_MS);
  record.consecutiveFailures = 0;
  return true;
};

const mostOut = (hosts: readonly EndpointRecord[]): number => Math.floor(hosts.length * MAX_EJECTED_SHARE);

const ejectedOf = (hosts: readonly EndpointRecord[], nowMs: number): readonly EndpointRecord[] =>
  hosts.filter((host) => isEjected(host, nowMs));

/** When a pool has shrunk below twice its ejected ones, those with the least time left come back. */
export const keepHalf = (hosts: readonly EndpointRecord[], nowMs: number): void => {
  const out = [...ejectedOf(hosts, nowMs)].sort((a, b) => a.ejectedUntilMs - b.ejectedUntilMs);
  const tooMany = Math.max(0, out.length - mostOut(hosts));
  for (const record of out.slice(0, tooMany)) record.ejectedUntilMs = nowMs;
};

/** The span over which a pool compares its hosts. */
export interface RateWindow {
  startMs: number;
  /** Next look, so that a pool with few calls is not gone through at each of them. */
  lookAtMs: number;
}

export const rateWindow = (nowMs: number): RateWindow => ({ startMs: nowMs, lookAtMs: nowMs + WINDOW_MS });

/** Ejects whose success rate falls 1.9 standard deviations under the mean. Answers whether it came to a verdict. */
export const judgeRates = (hosts: readonly EndpointRecord[], window: RateWindow, nowMs: number): boolean => {
  if (nowMs < window.lookAtMs) return false;
  window.lookAtMs = nowMs + WINDOW_MS;
  const busy = hosts.filter((host) => host.windowCalls >= MIN_CALLS);
  const enough = busy.length >= MIN_HOSTS;
  if (!enough && nowMs - window.startMs < MAX_WINDOW_MS) return false;
  if (enough) ejectOutliers(busy, hosts, nowMs);
  for (const host of hosts) {
    host.windowCalls = 0;
    host.windowOks = 0;
  }
  window.startMs = nowMs;
  return enough;
};

const ejectOutliers = (busy: readonly EndpointRecord[], hosts: readonly EndpointRecord[], nowMs: number): void => {
  const floor = rateFloor(busy.map(rateOf));
  const worstFirst = busy.filter((host) => rateOf(host) < floor).sort((a, b) => rateOf(a) - rateOf(b));
  for (const host of worstFirst) eject(host, hosts, nowMs);
};

const rateOf = (host: EndpointRecord): number => host.windowOks / host.windowCalls;

const rateFloor = (rates: readonly number[]): number => {
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return mean - SIGMAS * Math.sqrt(variance);
};

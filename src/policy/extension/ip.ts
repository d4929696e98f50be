/** Cedar's `ipaddr`: an IPv4 or IPv6 address with a prefix length, so that one value is an address or a range. */
import { EvaluationError } from '../evaluation-error.ts';

export class IpRange {
  readonly bits: 32 | 128;
  readonly address: bigint;
  readonly prefix: number;

  constructor(bits: 32 | 128, address: bigint, prefix: number) {
    this.bits = bits;
    this.address = address;
    this.prefix = prefix;
  }

  get first(): bigint {
    return (this.address >> this.#hostBits) << this.#hostBits;
  }

  get last(): bigint {
    return this.first | ((1n << this.#hostBits) - 1n);
  }

  get #hostBits(): bigint {
    return BigInt(this.bits - this.prefix);
  }
}

const bad = (): EvaluationError => new EvaluationError('an ip looks like "10.0.0.1", "10.0.0.0/8" or "2001:db8::/32"');

/** Throws EvaluationError on anything else, leading zeros and IPv4 inside IPv6 included. */
export const parseIp = (text: string): IpRange => {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const bits = host.includes(':') ? 128 : 32;
  const address = bits === 128 ? parseV6(host) : parseV4(host);
  return new IpRange(bits, address, slash < 0 ? bits : parsePrefix(text.slice(slash + 1), bits));
};

const parsePrefix = (text: string, bits: number): number => {
  if (!/^(0|[1-9]\d{0,2})$/.test(text) || Number(text) > bits) throw bad();
  return Number(text);
};

const parseV4 = (text: string): bigint => {
  const groups = text.split('.');
  if (groups.length !== 4) throw bad();
  return groups.reduce((sum, group) => {
    if (!/^(0|[1-9]\d{0,2})$/.test(group) || Number(group) > 255) throw bad();
    return (sum << 8n) | BigInt(group);
  }, 0n);
};

const parseV6 = (text: string): bigint => {
  const halves = text.split('::');
  if (halves.length > 2) throw bad();
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = (head?.length ?? 0) + (tail?.length ?? 0);
  // `::` stands for at least one group of zeros.
  if (tail === undefined ? given !== 8 : given > 7) throw bad();
  const groups = [...(head ?? []), ...Array<string>(8 - given).fill('0'), ...(tail ?? [])];
  return groups.reduce((sum, group) => {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) throw bad();
    return (sum << 16n) | BigInt(`0x${group}`);
  }, 0n);
};

export const isInRange = (inner: IpRange, outer: IpRange): boolean =>
  inner.bits === outer.bits && inner.first >= outer.first && inner.last <= outer.last;

const LOOPBACK = { 32: parseIp('127.0.0.0/8'), 128: parseIp('::1') };
const MULTICAST = { 32: parseIp('224.0.0.0/4'), 128: parseIp('ff00::/8') };

export const isLoopback = (ip: IpRange): boolean => isInRange(ip, LOOPBACK[ip.bits]);
export const isMulticast = (ip: IpRange): boolean => isInRange(ip, MULTICAST[ip.bits]);

/**
 * Addresses that no target has, whoever wrote them down. A target may be anywhere in the operator's own networks; but link-local is where
 * clouds hand out the credentials of the machine, and who may change a target should not get those.
 */
import { BlockList, isIP } from 'node:net';

/** Metadata services that look public, or like an own network. */
const CLOUD_V4 = ['168.63.129.16', '192.0.0.192', '100.100.100.200'] as const;
const CLOUD_V6 = ['fd00:ec2::254', 'fd20:ce::254'] as const;
/** This network, link-local, multicast with everything above it: nobody listens there alone. */
const RANGES_V4 = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const;
const RANGES_V6 = [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const;
/** How IPv4 is written in IPv6, besides the mapped form, which the list knows by itself: where its 32 bits begin. */
const CLOTHES = [
  ['::', 96],
  ['64:ff9b::', 96],
  ['2002:', 16],
] as const;

const NAMES: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata', 'instance-data']);

const hex = (address: string): string => {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
};

const listed = (): BlockList => {
  const list = new BlockList();
  const v4: readonly (readonly [string, number])[] = [...RANGES_V4, ...CLOUD_V4.map((one) => [one, 32] as const)];
  for (const [address, bits] of v4) {
    list.addSubnet(address, bits, 'ipv4');
    for (const [prefix, at] of CLOTHES) {
      // `::/104` would be loopback of IPv6 as well, which is somebody's own machine.
      if (at === 96 && prefix === '::' && address === '0.0.0.0') continue;
      list.addSubnet(at === 16 ? `${prefix}${hex(address)}::` : `${prefix}${hex(address)}`, at + bits, 'ipv6');
    }
  }
  for (const [address, bits] of [...RANGES_V6, ...CLOUD_V6.map((one) => [one, 128] as const)])
    list.addSubnet(address, bits, 'ipv6');
  return list;
};

const LIST = listed();

/** `host`: a name or an address as a URL or a resolver has it. What a name leads to is asked again when it is resolved. */
export const isOffLimits = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 0) return NAMES.has(bare.toLowerCase().replace(/\.$/, ''));
  return LIST.check(bare, family === 4 ? 'ipv4' : 'ipv6');
};

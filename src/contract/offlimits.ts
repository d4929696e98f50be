/**
 * Addresses that no target has, whoever wrote them down. A target may be anywhere in the operator's own networks; but link-local is where
 * clouds hand out the credentials of the machine, and who may change a target should not get those.
 */
import ipaddr from 'ipaddr.js';

/** Metadata services that look public, or like an own network. */
const CLOUD: ReadonlySet<string> = new Set([
  '168.63.129.16',
  '192.0.0.192',
  '100.100.100.200',
  'fd00:ec2::254',
  'fd20:ce::254',
]);
/** This network, link-local, multicast with everything above it: nobody listens there alone. */
const RANGES_V4 = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map((range) => ipaddr.IPv4.parseCIDR(range));
const RANGES_V6 = ['::/128', 'fe80::/10', 'ff00::/8'].map((range) => ipaddr.IPv6.parseCIDR(range));

const NAMES: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata', 'instance-data']);

/** `host`: a name or an address as a URL or a resolver has it. What a name leads to is asked again when it is resolved. */
export const isOffLimits = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return NAMES.has(bare.toLowerCase().replace(/\.$/, ''));
  const address = ipaddr.process(bare);
  return address.kind() === 'ipv4' ? isOffV4(address as ipaddr.IPv4) : isOffV6(address as ipaddr.IPv6);
};

const isOffV4 = (address: ipaddr.IPv4): boolean =>
  CLOUD.has(address.toString()) || RANGES_V4.some((range) => address.match(range));

const isOffV6 = (address: ipaddr.IPv6): boolean => {
  if (CLOUD.has(address.toString()) || RANGES_V6.some((range) => address.match(range))) return true;
  const inside = v4In(address);
  // `::1` is somebody's own machine, and no 0.0.0.1.
  return inside !== undefined && address.toString() !== '::1' && isOffV4(inside);
};

/** IPv4 as it is written in IPv6, besides the mapped form, which is read as IPv4 at once: `::a.b.c.d`, NAT64, 6to4. */
const CLOTHES = [
  ['::', 96],
  ['64:ff9b::', 96],
  ['2002::', 16],
] as const;

const v4In = (address: ipaddr.IPv6): ipaddr.IPv4 | undefined => {
  const bytes = address.toByteArray();
  for (const [prefix, bits] of CLOTHES)
    if (address.match([ipaddr.IPv6.parse(prefix), bits])) return new ipaddr.IPv4(bytes.slice(bits / 8, bits / 8 + 4));
  return undefined;
};

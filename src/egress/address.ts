/** Which addresses a request of ours may go to. Names are not asked here: only what they resolve to counts. */
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

interface AddressRule {
  /** Development: this machine and the networks behind it too. */
  readonly allowPrivate: boolean;
}

/** Look public, or like a network of one's own, and answer to cloud machines only: with the secrets of the machine. */
const CLOUD = new Set(['168.63.129.16', '192.0.0.192', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254']);

const PUBLIC = new Set(['unicast']);
/** Never link-local, not even in development: that is where clouds keep their credentials. */
const PRIVATE = new Set(['unicast', 'loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** IPv4 in the clothes of IPv6 is judged as IPv4. Undefined for what is no address. */
const parsed = (address: string) => (ipaddr.isValid(address) ? ipaddr.process(address) : undefined);

export const isPermitted = (address: string, { allowPrivate }: AddressRule): boolean => {
  const found = parsed(address);
  if (found === undefined || CLOUD.has(found.toString())) return false;
  const range = found.range();
  if (range === 'unicast' && found.kind() === 'ipv6' && !isGlobal(found as ipaddr.IPv6)) return false;
  return (allowPrivate ? PRIVATE : PUBLIC).has(range);
};

/** What is unicast and not in here has no owner yet, or a meaning that was given up, such as `::127.0.0.1` for an IPv4 address. */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');
const isGlobal = (address: ipaddr.IPv6): boolean => address.match(GLOBAL);

export const isSameAddress = (a: string, b: string): boolean => {
  const [one, other] = [parsed(a), parsed(b)];
  return one !== undefined && other !== undefined && one.toNormalizedString() === other.toNormalizedString();
};

/** Loopback, or an address that one of our interfaces has: a listener on every address is behind each of them. */
export const isThisMachine = (address: string): boolean =>
  parsed(address)?.range() === 'loopback' ||
  Object.values(networkInterfaces()).some((each) => each?.some((own) => isSameAddress(own.address, address)));

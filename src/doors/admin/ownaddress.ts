/** Whose address it is: an agent may announce only where its announcement came from, or a key would aim the hub at any host. */
import { isIP } from 'node:net';
import { Fault } from '../../contract/index.ts';

/**
 * INVARIANT: the hub calls announced addresses, so an announcement for another machine would make it knock there: at a
 * metadata service, at a database, at somebody else's agent. Throws `denied` unless the host of `url` is an IP literal or
 * `localhost`, and the machine at `from`. Loopback addresses are all this machine; IPv4 in IPv6 is IPv4.
 */
export const requireOwnAddress = (url: string, from: string): void => {
  const host = URL.parse(url)?.hostname;
  // What is no URL at all is for the registry to explain.
  if (host === undefined) return;
  const announced = machineOf(host);
  if (announced !== undefined && announced === machineOf(from)) return;
  const problem =
    announced === undefined
      ? `\`${host}\` is a name, which anybody can point anywhere`
      : `\`${host}\` is not the address that this announcement came from, \`${from}\``;
  throw new Fault(
    'denied',
    `${problem}; announce the IP address of the agent itself, or let an operator list the URL under \`spec.endpoints\` of the Agent`,
  );
};

const LOOPBACK = 'loopback';

/** One spelling per machine; undefined for names. */
const machineOf = (host: string): string | undefined => {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return LOOPBACK;
  const canonical = isIP(bare) === 6 ? canonicalIPv6(bare) : bare;
  if (isIP(canonical) === 0) return undefined;
  return canonical === '::1' || /^127(\.\d+){3}$/.test(canonical) ? LOOPBACK : canonical;
};

/** URLs and sockets write the same address differently; both are brought to the form of URLs. */
const canonicalIPv6 = (address: string): string => {
  const written = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address;
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written);
  if (mapped === null) return written;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
};

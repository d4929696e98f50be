/** Writes certificates. The one file that knows the library for it, which is loaded when the first one is written. */
import { randomBytes, webcrypto } from 'node:crypto';
import { Fault } from '../contract/index.ts';
import { type NodeKey, parsePublicKey } from './nodekey.ts';

export interface Certified {
  readonly subject: string;
  /** Ed25519, SPKI DER in base64. */
  readonly publicKey: string;
  readonly uri: string;
  /** Null: of a node that signs nobody; otherwise how many authorities may stand below, undefined for any number. */
  readonly authority: { readonly below: number | undefined } | null;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface Signer {
  readonly name: string;
  readonly key: NodeKey;
}

type Library = typeof import('@peculiar/x509');
let loading: Promise<Library> | undefined;

/** The library wants reflection metadata to be there before it is. */
const library = (): Promise<Library> => {
  loading ??= import('reflect-metadata').then(() => import('@peculiar/x509'));
  return loading;
};

/** Answers PEM. Throws `bad_request` for a public key that is not Ed25519. */
export const certify = async (certified: Certified, signer: Signer): Promise<string> => {
  if (parsePublicKey(certified.publicKey) === undefined)
    throw new Fault('bad_request', 'only an Ed25519 key can be certified');
  const x509 = await library();
  const [publicKey, signerKey, signingKey] = await Promise.all([
    publicKeyOf(certified.publicKey),
    publicKeyOf(signer.key.publicKey),
    signer.key.webKey(),
  ]);
  const { authority } = certified;
  const isAuthority = authority !== null;
  const flags = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      // Positive, and 19 bytes long at most, as the standard wants it.
      serialNumber: `01${randomBytes(16).toString('hex')}`,
      subject: `CN=${certified.subject}`,
      issuer: `CN=${signer.name}`,
      notBefore: new Date(certified.notBeforeMs),
      notAfter: new Date(certified.notAfterMs),
      publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(isAuthority, authority?.below, true),
        new x509.KeyUsagesExtension(isAuthority ? flags.keyCertSign : flags.digitalSignature, true),
        ...(isAuthority
          ? []
          : [
              new x509.ExtendedKeyUsageExtension(
                [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
                true,
              ),
            ]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: certified.uri }]),
        await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto as Crypto),
        await x509.AuthorityKeyIdentifierExtension.create(signerKey, false, webcrypto as Crypto),
      ],
    },
    webcrypto as Crypto,
  );
  // Files and wires carry several behind each other.
  return `${certificate.toString('pem').trim()}\n`;
};

const publicKeyOf = (publicKey: string): Promise<CryptoKey> =>
  webcrypto.subtle.importKey('spki', Buffer.from(publicKey, 'base64'), 'Ed25519', true, [
    'verify',
  ]) as Promise<CryptoKey>;

/** The Ed25519 key pair of a node: who it is to others. The private half never leaves this process and its file. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  webcrypto,
} from 'node:crypto';
import { join } from 'node:path';
import { createPrivateFile, isPrivate, readPrivateFile } from './privatefile.ts';

const FILE = 'node-key.pem';
const LARGEST = 4096;

export class NodeKey {
  /** SPKI DER in base64, as in `NodeEntry.publicKey`. */
  readonly publicKey: string;
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
  readonly #private: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#private = privateKey;
    this.publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
    this.keyId = keyIdOfPublicKey(this.publicKey);
  }

  /** Ed25519 over the text's UTF-8 bytes. */
  sign(text: string): Buffer {
    return sign(null, Buffer.from(text), this.#private);
  }

  /** PKCS #8 in PEM, for the TLS stack of this process and nobody else. */
  pem(): string {
    return this.#private.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  /** It signs and cannot be read, for a library that writes certificates. */
  async webKey(): Promise<CryptoKey> {
    const der = this.#private.export({ type: 'pkcs8', format: 'der' });
    return (await webcrypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign'])) as CryptoKey;
  }
}

export const keyIdOfPublicKey = (publicKey: string): string =>
  createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);

/** A pair that lives in memory only. */
export const newNodeKey = (): NodeKey => new NodeKey(generateKeyPairSync('ed25519').privateKey);

/**
 * Reads the pair of this data directory, or makes it on first use. Two processes that start at once end with the same one.
 * Throws when the file is readable for others or holds something else: a leaked or swapped identity must not be used quietly.
 */
export const openNodeKey = async (dataDir: string): Promise<NodeKey> => {
  const path = join(dataDir, FILE);
  const existing = await readKey(path);
  if (existing !== undefined) return existing;
  const { privateKey } = generateKeyPairSync('ed25519');
  await createPrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const created = await readKey(path);
  if (created === undefined) throw new Error(`${path} vanished while it was created`);
  return created;
};

const readKey = async (path: string): Promise<NodeKey | undefined> => {
  const pem = await readPrivateFile(path, LARGEST);
  if (pem === undefined) return undefined;
  if (!(await isPrivate(path))) throw new Error(`${path} can be read by others; run: chmod 600 ${path}`);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The parser's own error may quote the file.
    throw new Error(`${path} is not a private key; restore it, or delete it and join this node again`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${path} is not an Ed25519 key`);
  return new NodeKey(key);
};

/** The key object of an Ed25519 public key in SPKI DER, base64; undefined when it is anything else. */
export const parsePublicKey = (publicKey: string): KeyObject | undefined => {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
};

/** Never throws: what cannot be parsed was not signed. */
export const verifySignature = (publicKey: string, text: string, signature: Uint8Array): boolean => {
  const key = parsePublicKey(publicKey);
  return key !== undefined && signature.byteLength === 64 && verify(null, Buffer.from(text), key, signature);
};

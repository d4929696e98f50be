/** The key that a node signs cards and push notifications with: its own, for nothing else, and with a public half for everybody. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { exportJWK, FlattenedSign } from 'jose';
import { signCard } from '../../dialects/a2a/index.ts';
import { KEYS_PATH, type Signing } from '../../doors/a2a/index.ts';
import { createPrivateFile, readPrivateFile } from '../../identity/index.ts';

const FILE = 'card-key.pem';
const LARGEST = 4096;
const ALG = 'ES256';

/** Reads the key of this data directory, or makes it on first use. */
export const openCardKey = async (dataDir: string): Promise<KeyObject> => {
  const path = join(dataDir, FILE);
  const existing = await readPrivateFile(path, LARGEST);
  if (existing !== undefined) return keyIn(path, existing);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await createPrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return keyIn(path, (await readPrivateFile(path, LARGEST)) ?? '');
};

const keyIn = (path: string, pem: string): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch {
    // The parser's own error may quote the file.
    throw new Error(`${path} is not a private key; restore it, or delete it and cards get a new one`);
  }
};

/** `url`: base URL of the listener that publishes the public half. */
export const signingWith = async (key: KeyObject, url: () => string): Promise<Signing> => {
  const jwk = await exportJWK(createPublicKey(key));
  const kid = createHash('sha256')
    .update(JSON.stringify([jwk.crv, jwk.x, jwk.y]))
    .digest('hex')
    .slice(0, 16);
  return {
    jwks: { keys: [{ ...jwk, kid, alg: ALG, use: 'sig' }] },
    card: (card) => signCard(card, { key, alg: ALG, kid, jku: `${url()}${KEYS_PATH}` }),
    detached: async (body) => {
      const header = { alg: ALG, kid, jku: `${url()}${KEYS_PATH}` };
      const jws = await new FlattenedSign(body).setProtectedHeader(header).sign(key);
      return `${jws.protected}..${jws.signature}`;
    },
  };
};

/** `airspace secret set | ls | rm | rotate`: what targets want to be shown, kept where nobody reads it. */
import type { SecretView } from '../../vault/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { age } from '../render/time.ts';

const MOST_BYTES = 16_384;

/** From standard input only: arguments can be read by everybody on a machine, and shells keep them. */
export const setSecret = async (
  { io, admin, out }: Context,
  name: string,
  { for: origins = [] }: { for?: readonly string[] },
): Promise<number> => {
  if (io.stdin.isTTY === true)
    throw usage('the value comes from standard input', `airspace secret set ${name} --for https://... < file`);
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > MOST_BYTES) throw usage(`a secret has at most ${MOST_BYTES} characters`);
  }
  const value = text.replace(/\r?\n$/, '');
  const made = await (await admin()).post<SecretView>('/v1/secrets', { name, value, origins: origins.map(originOf) });
  await out.one(
    made,
    () => `secret ${clean(made.name)}, version ${made.version}, for ${clean(made.origins.join(', '))}`,
  );
  return EXIT.ok;
};

const originOf = (text: string): string => {
  const url = URL.parse(text);
  if (url === null) throw usage(`--for \`${text}\` is not an address such as https://api.example.com`);
  return url.origin;
};

export const listSecrets = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<{ items: readonly SecretView[] }>('/v1/secrets');
  const nowMs = Date.now();
  await out.list({
    kind: 'Secret',
    rows: items,
    columns: [
      { title: 'SECRET', value: ({ name }) => name },
      { title: 'VERSION', value: ({ version }) => version, align: 'right' },
      { title: 'FOR', value: ({ origins }) => origins.join(', ') },
      { title: 'SET BY', value: ({ by }) => by },
      { title: 'AGE', value: ({ atMs }) => age(atMs, nowMs) },
    ],
    name: ({ name }) => `secret/${name}`,
    empty: 'no secrets here; set one: airspace secret set <name> --for https://... < file',
  });
  return EXIT.ok;
};

export const removeSecret = async (
  context: Context,
  name: string,
  { yes = false }: { yes?: boolean },
): Promise<number> => {
  await context.confirm(`remove secret ${clean(name)}`, yes);
  const answer = await (await context.admin()).delete(`/v1/secrets/${encodeURIComponent(name)}`);
  await context.out.one(answer, () => `secret ${clean(name)} is gone; targets that name it cannot be called`);
  return EXIT.ok;
};

export const rotateSecrets = async ({ admin, out }: Context): Promise<number> => {
  const answer = await (await admin()).post<{ sealed: number }>('/v1/secrets:rotate', {});
  await out.one(answer, () => `${answer.sealed} secrets are sealed with a new key`);
  return EXIT.ok;
};

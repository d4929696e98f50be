/** `airspace config view | contexts | use`: where this command looks, and what told it so. A key is never shown. */
import type { Context } from '../context.ts';
import { contextNamed, type NamedContext, readContexts, useContext } from '../contexts/contexts.ts';
import { EXIT } from '../failure.ts';
import type { Column } from '../render/table.ts';
import { type Found, lookUp } from '../settings.ts';

interface Setting {
  readonly name: string;
  readonly value: string;
  /** What said so: an option, a variable, a file, or nobody. */
  readonly origin: string;
}

const VIEW: readonly Column<Setting>[] = [
  { title: 'SETTING', value: ({ name }) => name },
  { title: 'VALUE', value: ({ value }) => value },
];
const ORIGIN: Column<Setting> = { title: 'FROM', value: ({ origin }) => origin };

export const view = async (context: Context, { origin = false }: { readonly origin?: boolean }): Promise<number> => {
  const { io, out, options } = context;
  const found = await lookUp({ flags: options, env: io.env, cwd: io.cwd });
  await out.list({
    kind: 'Setting',
    rows: settingsOf(found, context),
    columns: origin || out.format === 'wide' ? [...VIEW, ORIGIN] : VIEW,
    name: ({ name }) => name,
    empty: '',
  });
  if (found.url === undefined)
    out.note('nothing says where airspace is; airspace up, or airspace config use <context>');
  return EXIT.ok;
};

const DEFAULT = 'default';
const NOBODY = '-';

const settingsOf = ({ url, key, data, context }: Found, { options, io, out }: Context): readonly Setting[] => [
  { name: 'url', value: url?.value ?? 'none', origin: url?.origin ?? NOBODY },
  { name: 'key', value: key === undefined ? 'none' : 'set', origin: key?.origin ?? NOBODY },
  {
    name: 'context',
    value: context === undefined ? 'none' : `${context.name}${context.isProduction ? ' (production)' : ''}`,
    origin: context === undefined ? NOBODY : 'its address is the url',
  },
  { name: 'data', value: data?.value ?? 'none', origin: data?.origin ?? NOBODY },
  {
    name: 'output',
    value: out.format,
    origin: options.output === undefined ? (options.json === true ? '--json' : DEFAULT) : '--output',
  },
  { name: 'color', value: out.paint('bold', '') === '' ? 'off' : 'on', origin: colorOrigin(io.env, options.color) },
];

/** In the order in which they are asked. */
const colorOrigin = (env: Context['io']['env'], flag: string | undefined): string => {
  if (flag !== undefined && flag !== 'auto') return '--color';
  if ((env['NO_COLOR'] ?? '') !== '') return 'NO_COLOR';
  if (env['FORCE_COLOR'] !== undefined) return 'FORCE_COLOR';
  return env['TERM'] === 'dumb' ? 'TERM' : DEFAULT;
};

type Row = NamedContext & { readonly current: boolean };

export const contexts = async ({ io, out }: Context): Promise<number> => {
  const file = await readContexts(io.env);
  await out.list<Row>({
    kind: 'Context',
    rows: (file?.contexts ?? []).map((one) => ({ ...one, current: one.name === file?.current })),
    columns: [
      { title: 'IN USE', value: ({ current }) => (current ? '*' : '') },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'URL', value: ({ url }) => url },
      {
        title: 'PRODUCTION',
        value: ({ isProduction }) => (isProduction ? 'yes' : '-'),
        style: ({ isProduction }) => (isProduction ? 'red' : undefined),
      },
      { title: 'KEY FILE', value: ({ keyFile }) => keyFile ?? '-' },
    ],
    name: ({ name }) => `context/${name}`,
    empty: 'there are no contexts; ~/.config/airspace/config.yaml may have some, and docs/identity.md says how',
  });
  return EXIT.ok;
};

export const use = async (context: Context, name: string): Promise<number> => {
  const { io, out, options } = context;
  const file = await useContext(io.env, name);
  const chosen = contextNamed(file, name, 'config use');
  await out.one({ context: name, url: chosen.url, file: file.path }, () => `${name} is in use: ${chosen.url}`);
  const { url } = await lookUp({ flags: options, env: io.env, cwd: io.cwd });
  if (url !== undefined && !url.origin.startsWith(`context ${name} `))
    out.note(`but not here: ${url.origin} says ${url.value}; airspace config view --origin`);
  return EXIT.ok;
};

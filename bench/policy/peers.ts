/** Two engines from npm, installed beside this file when they are first wanted; what they need around them is ours. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.ts';
import { conditionsOf, type Request, type Rule } from './rules.ts';

const home = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_MS = 120_000;

export const installed = (): boolean =>
  ['@marcbachmann/cel-js', 'json-logic-engine'].every((name) => existsSync(`${home}node_modules/${name}/package.json`));

/** Throws Error when npm cannot install them. */
export const install = (): void => {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath']; // set by `npm run`
  const [program, ...rest] = npm === undefined ? ['npm', ...args] : [process.execPath, npm, ...args];
  const { status } = spawnSync(program!, rest, {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_MS,
  });
  if (status !== 0 || !installed())
    throw new Error('`npm ci` in bench/policy failed; check the network and the registry');
};

/** Through a variable, because the compiler must not look for what may not be installed. */
const load = (name: string): Promise<Record<string, unknown>> => import(name);

type Field = ReturnType<typeof conditionsOf>[number][0];

const FIELDS: Readonly<Record<Field, readonly [keyof Request, string]>> = {
  tool: ['tool', '=='],
  tier: ['tier', '=='],
  operationEffect: ['operationEffect', '=='],
  deeperThan: ['depth', '>'],
  shallowerThan: ['depth', '<'],
  fromHour: ['hour', '>='],
};

/** Neither knows permit and forbid, so this is the envelope of both: forbids first, then the first permit that matches. */
const envelope = (rules: readonly Rule[], compile: (rule: Rule) => (request: unknown) => boolean) => {
  const ofEffect = (effect: Rule['effect']) => rules.filter((rule) => rule.effect === effect).map(compile);
  const [forbids, permits] = [ofEffect('forbid'), ofEffect('permit')];
  return (request: unknown): boolean =>
    !forbids.some((matches) => matches(request)) && permits.some((matches) => matches(request));
};

const encode = (request: Request): unknown => ({ ...request });

export const cel: Engine = {
  name: 'cel-js',
  prepare: async (rules) => {
    const { parse } = (await load('@marcbachmann/cel-js')) as {
      parse: (text: string) => (request: unknown) => unknown;
    };
    const celOf = (rule: Rule): string =>
      conditionsOf(rule)
        .map(([name, value]) => `${FIELDS[name][0]} ${FIELDS[name][1]} ${JSON.stringify(value)}`)
        .join(' && ') || 'true';
    return {
      encode,
      allows: envelope(rules, (rule) => {
        const matches = parse(celOf(rule));
        return (request) => matches(request) === true;
      }),
    };
  },
};

export const jsonLogic: Engine = {
  name: 'json-logic-engine',
  prepare: async (rules) => {
    const { LogicEngine } = (await load('json-logic-engine')) as {
      LogicEngine: new () => { build: (logic: unknown) => (request: unknown) => unknown };
    };
    const engine = new LogicEngine();
    const logicOf = (rule: Rule): unknown => ({
      and: conditionsOf(rule).map(([name, value]) => ({ [FIELDS[name][1]]: [{ var: FIELDS[name][0] }, value] })),
    });
    return {
      encode,
      allows: envelope(rules, (rule) => {
        const matches = engine.build(logicOf(rule));
        return (request) => matches(request) === true;
      }),
    };
  },
};

/** Whom a model name stands for: a model by name or alias, or an agent or a tool that answers as if it were one. */
import { type Directory, Fault, type Principal, type Target, type TargetEntry } from '../../contract/index.ts';
import { near } from './near.ts';
import type { Listed } from './words.ts';

const OTHER = /^(agent|tool)\/([a-z0-9][a-z0-9-]{0,62})(?:\/([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/;
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}$/;

/** Operations that an agent answers a conversation with, if it has several. */
const CONVERSING = ['message', 'chat', 'ask'] as const;

/** Throws `not_found` with the facts `model` and `near`. */
export const targetOf = async (
  directory: Directory,
  principal: Principal,
  model: string,
  operation: string,
): Promise<Target> => {
  const other = OTHER.exec(model);
  if (other !== null && operation === 'chat')
    return otherTarget(directory, principal, {
      kind: other[1] as 'agent' | 'tool',
      name: other[2]!,
      operation: other[3],
    });
  const found = MODEL.test(model) ? directory.find(principal.tenant, 'model', model) : undefined;
  if (found === undefined) throw await unknownModel(directory, principal, model);
  return { kind: 'model', name: found.name, operation };
};

interface Other {
  readonly kind: 'agent' | 'tool';
  readonly name: string;
  readonly operation: string | undefined;
}

const otherTarget = async (
  directory: Directory,
  principal: Principal,
  { kind, name, operation }: Other,
): Promise<Target> => {
  const model = `${kind}/${name}`;
  const found = directory.find(principal.tenant, kind, name);
  if (found === undefined) throw await unknownModel(directory, principal, model);
  const chosen = operation ?? conversing(found);
  if (chosen !== undefined) return { kind, name: found.name, operation: chosen };
  const visible = (await directory.visible(principal, [kind])).find((one) => one.name === name)?.operations ?? [];
  const names = visible.slice(0, 10).map((one) => `\`${model}/${one.name}\``);
  throw new Fault('not_found', `${kind} \`${name}\` has several operations; say which: ${names.join(', ')}`, {
    facts: { model },
  });
};

const conversing = ({ operations }: TargetEntry): string | undefined =>
  operations.length === 1
    ? operations[0]!.name
    : CONVERSING.find((name) => operations.some((operation) => operation.name === name));

const unknownModel = async (directory: Directory, principal: Principal, model: string): Promise<Fault> => {
  const shown = shownOf(model);
  const names = near(
    model,
    (await listed(directory, principal)).map(({ id }) => id),
  );
  const help =
    names.length === 0 ? '; ask for the list of models' : `; near it: ${names.map((one) => `\`${one}\``).join(', ')}`;
  return new Fault('not_found', `there is no model \`${shown}\` for you${help}`, {
    facts: { model: shown, near: names },
  });
};

/** A name from outside, safe to print. */
const shownOf = (name: string): string => {
  const plain = name.replace(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return plain.length > 80 ? `${plain.slice(0, 80)}...` : plain;
};

/** Everything that may be called as a model by this principal, under every name. */
export const listed = async (directory: Directory, principal: Principal): Promise<readonly Listed[]> =>
  (await directory.visible(principal, ['model', 'agent'])).flatMap((target): readonly Listed[] => {
    if (target.kind === 'model')
      return [target.name, ...(target.aliases ?? [])]
        .filter((id) => directory.find(principal.tenant, 'model', id)?.name === target.name)
        .map((id) => ({ id, target }));
    if (isSelf(principal, target)) return [];
    const one = conversing(target);
    if (one !== undefined) return [{ id: `agent/${target.name}`, target }];
    return target.operations.map(({ name }) => ({ id: `agent/${target.name}/${name}`, target }));
  });

const isSelf = (principal: Principal, target: TargetEntry): boolean =>
  principal.kind === 'agent' && principal.id === target.name;

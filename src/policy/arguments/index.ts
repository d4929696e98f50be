/** The arguments of a call: typed by the operation's schema, read from the payload when a policy asks for them. */

export { argumentsFrom, Misfit } from './convert.ts';
export { argumentsFromSchema, type DeclaredArguments } from './from-schema.ts';
export { type Arguments, argumentsOf } from './of-call.ts';
export { readsArguments } from './reads.ts';

/** Policy: Cedar text in, decisions that explain themselves out. */
export { type Bundle, type CedarText, type CompilePolicy, compilePolicy, policyCompiler } from './bundle.ts';
export { decide as decisionFor, factsFor, type PolicyRequest } from './decide.ts';
export type { FactAnswers, FactDeclaration } from './facts/index.ts';
export { type DecideParts, decideLayer as decide, type Watch } from './layer.ts';
export type { RegistryNames } from './names.ts';
export { type PolicyWorld, type PreparedPolicy, preparePolicy } from './prepare.ts';

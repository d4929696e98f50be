/** Information points: facts that policies may use and callers cannot supply. */
export { type FactAnswers, factsRecord } from './context.ts';
export { declareFacts, dependencies, type FactDeclaration } from './declare.ts';
export { InformationPoints } from './points.ts';
export { type FactsRead, factsRead } from './reads.ts';

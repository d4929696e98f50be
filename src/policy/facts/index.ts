/** Information points: facts that policies may use and callers cannot supply. */
export { askAlike } from './alike.ts';
export { answersFrom, answersText, type FactAnswers, factsRecord } from './context.ts';
export type { FactDeclaration } from './declaration.ts';
export { declareFacts, dependencies } from './declare.ts';
export { InformationPoints } from './points.ts';
export { type FactsRead, factsRead } from './reads.ts';

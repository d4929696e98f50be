/** Expressions of plans: Common Expression Language over what a run knows. */
export { ExpressionError, MOST_TEXT } from './ast.ts';
export type { Names, Remark } from './check.ts';
export { type Expression, expression, MOST_MS, type StepMention } from './expression.ts';
export { celOf } from './json.ts';
export { type Placed, plainTemplate, type Template, type TemplateProblem, template } from './template.ts';
export { BOOL, DYN, INT, nameOf, STRING, type Type, typeOfSchema } from './type.ts';

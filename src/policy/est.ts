/** Cedar's JSON form of a policy (its "EST"), as language version 4.5 writes it: the input of the compiler. */

export type EntityJson =
  | { readonly type: string; readonly id: string }
  | { readonly __entity: { readonly type: string; readonly id: string } };

export interface Unary {
  readonly arg: Expr;
}

export interface Binary {
  readonly left: Expr;
  readonly right: Expr;
}

/** Body of each operator by its name. Calls of extension functions are not here: their body is the list of arguments. */
export interface OperatorBodies {
  readonly Value: unknown;
  readonly Var: 'principal' | 'action' | 'resource' | 'context';
  readonly '!': Unary;
  readonly neg: Unary;
  readonly '&&': Binary;
  readonly '||': Binary;
  readonly '==': Binary;
  readonly '!=': Binary;
  readonly '<': Binary;
  readonly '<=': Binary;
  readonly '>': Binary;
  readonly '>=': Binary;
  readonly '+': Binary;
  readonly '-': Binary;
  readonly '*': Binary;
  readonly in: Binary;
  readonly contains: Binary;
  readonly containsAll: Binary;
  readonly containsAny: Binary;
  readonly isEmpty: Unary;
  readonly hasTag: Binary;
  readonly getTag: Binary;
  readonly '.': { readonly left: Expr; readonly attr: string };
  readonly has: { readonly left: Expr; readonly attr: string | readonly string[] };
  readonly like: { readonly left: Expr; readonly pattern: readonly PatternPart[] };
  readonly is: { readonly left: Expr; readonly entity_type: string; readonly in?: Expr };
  readonly 'if-then-else': { readonly if: Expr; readonly then: Expr; readonly else: Expr };
  readonly Set: readonly Expr[];
  readonly Record: Readonly<Record<string, Expr>>;
}

export type PatternPart = 'Wildcard' | { readonly Literal: string };

/** An object with exactly one key, the operator; the compiler holds it to that. */
export type Expr = Readonly<Record<string, unknown>>;

export type Scope =
  | { readonly op: 'All' }
  | { readonly op: '=='; readonly entity: EntityJson }
  | { readonly op: 'in'; readonly entity: EntityJson }
  | { readonly op: 'in'; readonly entities: readonly EntityJson[] }
  | { readonly op: 'is'; readonly entity_type: string; readonly in?: { readonly entity: EntityJson } };

export interface Est {
  readonly effect: 'permit' | 'forbid';
  readonly principal: Scope;
  readonly action: Scope;
  readonly resource: Scope;
  readonly conditions: readonly { readonly kind: 'when' | 'unless'; readonly body: Expr }[];
  readonly annotations?: Readonly<Record<string, string | null>>;
}

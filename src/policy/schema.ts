/** The Cedar schema of Airspace: what a policy may talk about, and so what a typing mistake is held against. */

/**
 * INVARIANT: text and `ACTION_PARENTS` agree (held by a test): without the groups, `action in Action::"Call"` would never match.
 * Entity ids are plain names; every tenant has its own entities, so no policy can see another tenant.
 */
export const SCHEMA = `
entity Role;
entity Domain in [Domain];
entity User in [Role] { name: String };
entity Agent in [Domain] { name: String } tags String;
entity Tool in [Domain] { name: String } tags String;
entity Model in [Domain] { name: String } tags String;

@doc("What is called: one operation of a target. Its id is kind/target/operation, its tags are the labels of its target")
entity Operation in [Agent, Tool, Model] {
  name: String,
  effect: String,
  idempotent: Bool,
} tags String;

type Circumstances = {
  operation: String,
  effect: String,
  depth: Long,
  session: Bool,
  hourUtc: Long,
  now: datetime,
  priority: Long,
  tenant: String,
};

action Call;
action InvokeAgent in [Call] appliesTo { principal: [Agent, User], resource: [Operation], context: Circumstances };
action CallTool in [Call] appliesTo { principal: [Agent, User], resource: [Operation], context: Circumstances };
action CallModel in [Call] appliesTo { principal: [Agent, User], resource: [Operation], context: Circumstances };
`;

/** Version of the Cedar language that the schema and the compiler speak. */
export const CEDAR_LANGUAGE = '4.5';

export const ACTION_PARENTS: Readonly<Record<string, readonly string[]>> = {
  Call: [],
  InvokeAgent: ['Call'],
  CallTool: ['Call'],
  CallModel: ['Call'],
};

/** The words of the schema for the words of the contract. */
export const ACTION_OF = { agent: 'InvokeAgent', tool: 'CallTool', model: 'CallModel' } as const;
export const TYPE_OF = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

/** Qualified by kind: an agent and a tool may share a name, and a permit for one must not open the other. */
export const operationId = (kind: keyof typeof TYPE_OF, target: string, operation: string): string =>
  `${kind}/${target}/${operation}`;

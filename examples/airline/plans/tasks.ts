/** A plan for each reference task: its actions in the order in which they depend on each other, and what one took from another's answer as an expression. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { API_VERSION } from '../../../src/contract/index.ts';
import type { Database } from '../database.ts';
import { isJsonReply, openDesk } from '../desk.ts';
import { type ToolName, toolNames, tools } from '../tools.ts';
import { domainOf } from './domains.ts';

export interface Action {
  readonly tool: ToolName;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Task {
  readonly number: number;
  readonly actions: readonly Action[];
}

const Tasks = z.array(
  z.object({
    actions: z.array(
      z.object({ name: z.enum(toolNames as [ToolName, ...ToolName[]]), kwargs: z.record(z.string(), z.unknown()) }),
    ),
  }),
);

export const readTasks = (data: string): readonly Task[] =>
  Tasks.parse(JSON.parse(readFileSync(join(data, 'tasks.json'), 'utf8'))).map(({ actions }, number) => ({
    number,
    actions: actions.map(({ name, kwargs }) => ({ tool: name, args: kwargs })),
  }));

export const planName = ({ number }: Pick<Task, 'number'>): string => `task-${number}`;

/** Past it the clerk's patience is over, and the run is taken back. */
const DEADLINE_MS = 600_000;
const TRIES = { attempts: 10, backoffMs: 200, deadlineMs: 10_000 };
/** Shorter texts are equal by chance. */
const LEAST_TAKEN = 6;

/** Every text that a step's answer has, with the expression that leads to it; the first one wins. */
type Known = Map<string, string>;

/** Where the customer gets nothing, the clerk has thought about it. */
const NOTHING_TO_DO: readonly Action[] = [{ tool: 'think', args: { thought: 'there is nothing to do' } }];

export const planOf = (task: Task, database: Database): unknown => {
  const actions = task.actions.length === 0 ? NOTHING_TO_DO : task.actions;
  const desk = openDesk(database);
  const known: Known = new Map();
  const steps: object[] = [];
  const reads: string[] = [];
  let lastWrite: string | undefined;
  for (const [nth, { tool, args }] of actions.entries()) {
    const id = `s${nth}_${tool}`;
    const isRead = tools[tool].effect === 'read';
    const needs = isRead ? [] : reads.splice(0);
    if (lastWrite !== undefined) needs.push(lastWrite);
    steps.push({
      ...{ id, call: `agent/${domainOf(tool)}/${tool}`, ...TRIES, needs },
      input: taken(args, known),
      ...compensation(id, tool, args, known),
    });
    const reply = desk.call(tool, args);
    if (isRead) {
      reads.push(id);
      if (isJsonReply(reply)) learn(JSON.parse(reply), `steps.${id}.result`, known);
    } else {
      lastWrite = id;
    }
  }
  return {
    apiVersion: API_VERSION,
    kind: 'Plan',
    metadata: { name: planName(task), domain: 'counter' },
    spec: { steps, output: { steps: steps.length }, deadlineMs: DEADLINE_MS },
  };
};

const learn = (value: unknown, path: string, known: Known): void => {
  if (typeof value === 'string') {
    if (value.length >= LEAST_TAKEN && !known.has(value)) known.set(value, path);
  } else if (Array.isArray(value)) {
    for (const [at, part] of value.entries()) learn(part, `${path}[${at}]`, known);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) learn(part, `${path}[${JSON.stringify(name)}]`, known);
  }
};

const taken = (value: unknown, known: Known): unknown => {
  if (typeof value === 'string') {
    const path = known.get(value);
    return path === undefined ? value.replace(/^\$\{/, '$$${') : `\${ ${path} }`;
  }
  if (Array.isArray(value)) return value.map((part) => taken(part, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, taken(part, known)]));
};

/** Where the desk can take something back: a booking, and who travels when it was read before. */
const compensation = (id: string, tool: ToolName, args: Action['args'], known: Known): object => {
  if (tool === 'book_reservation')
    return {
      compensate: {
        ...{ call: `agent/payments/cancel_reservation`, ...TRIES },
        input: { reservation_id: `\${ steps.${id}.result.reservation_id }` },
      },
    };
  const read = known.get(String(args['reservation_id']))?.match(/^steps\.(\w+)\.result\["reservation_id"\]$/)?.[1];
  if (tool !== 'update_reservation_passengers' || read === undefined) return {};
  return {
    compensate: {
      ...{ call: `agent/bookings/update_reservation_passengers`, ...TRIES },
      input: { reservation_id: args['reservation_id'], passengers: `\${ steps.${read}.result.passengers }` },
    },
  };
};

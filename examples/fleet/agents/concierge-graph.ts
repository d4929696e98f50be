/** The concierge's mind: a LangGraph state graph whose nodes call other agents, each call governed by Airspace. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { z } from 'zod';
import { AirspaceError, type Client, TargetError, type TargetRef } from '../../../src/client/index.ts';
import { CLASSIFY, MODEL } from './script.ts';

const State = Annotation.Root({
  question: Annotation<string>(),
  topic: Annotation<string>(),
  /** What the answer is made of, one sentence each. */
  facts: Annotation<string[]>({ reducer: (before, more) => [...before, ...more], default: () => [] }),
  /** Calls that were made, and how each ended. */
  steps: Annotation<Step[]>({ reducer: (before, more) => [...before, ...more], default: () => [] }),
  answer: Annotation<string>(),
});

export interface Step {
  readonly call: string;
  readonly outcome: 'ok' | 'not found' | 'denied' | 'failed';
  /** The rule that denied it. */
  readonly rule?: string;
}

type Now = typeof State.State;
type Next = Partial<typeof State.Update>;

const ChatReply = z.object({ message: z.object({ content: z.string() }) });
const OrderReply = z.object({ order: z.object({ item: z.string(), status: z.string(), due: z.string() }) });
const QuoteReply = z.object({ amountCents: z.number(), note: z.string() });
const SearchReply = z.object({ articles: z.array(z.object({ title: z.string(), text: z.string() })) });
const TicketReply = z.object({ ticket: z.string() });
const GreetReply = z.object({ greeting: z.string() });

/** A graph for one question: its calls belong to the call that is being answered. */
export const conciergeGraph = (airspace: Client) => {
  const node = new Nodes(airspace);
  return new StateGraph(State)
    .addNode('classify', (now) => node.classify(now))
    .addNode('order', (now) => node.order(now))
    .addNode('refund', (now) => node.refund(now))
    .addNode('knowledge', (now) => node.knowledge(now))
    .addNode('greeting', () => node.greeting())
    .addNode('compose', (now) => node.compose(now))
    .addEdge(START, 'classify')
    .addConditionalEdges('classify', roomFor, ['order', 'refund', 'knowledge', 'greeting'])
    .addEdge('order', 'compose')
    .addEdge('refund', 'compose')
    .addEdge('knowledge', 'compose')
    .addEdge('greeting', 'compose')
    .addEdge('compose', END)
    .compile();
};

/** A model may say anything; what is no topic of ours goes to the handbook. */
const roomFor = ({ topic }: Now): 'order' | 'refund' | 'knowledge' | 'greeting' =>
  topic === 'order' || topic === 'refund' || topic === 'greeting' ? topic : 'knowledge';

const numberIn = (question: string): number => Number(/\d{1,9}/.exec(question)?.[0] ?? 0);

const money = (cents: number): string => `${(cents / 100).toFixed(2)} EUR`;

const SMALL = { kind: 'model', name: MODEL } as const;

class Nodes {
  readonly #airspace: Client;

  constructor(airspace: Client) {
    this.#airspace = airspace;
  }

  async classify({ question }: Now): Promise<Next> {
    const tried = await this.#try(SMALL, 'chat', ChatReply, {
      messages: [
        { role: 'system', content: CLASSIFY },
        { role: 'user', content: question },
      ],
    });
    return { topic: tried.reply?.message.content ?? 'knowledge', steps: [tried.step] };
  }

  async order({ question }: Now): Promise<Next> {
    const id = numberIn(question);
    const tried = await this.#try('orders', 'where', OrderReply, { id });
    const facts = tried.reply === undefined ? [missed('order', id, tried.step)] : [tellOrder(id, tried.reply.order)];
    return { facts, steps: [tried.step] };
  }

  /** Quotes, then tries to issue. Policy keeps that for people, so a refusal is an ordinary way for this to end. */
  async refund({ question }: Now): Promise<Next> {
    const order = numberIn(question);
    const quoted = await this.#try('refunds', 'quote', QuoteReply, { order });
    if (quoted.reply === undefined)
      return { facts: [missed('refund of order', order, quoted.step)], steps: [quoted.step] };
    const { amountCents, note } = quoted.reply;
    const fact = `For order ${order} you would get back ${money(amountCents)}, ${note}.`;
    const issued = await this.#try('refunds', 'issue', z.unknown(), { order, amountCents, reason: question });
    if (issued.step.outcome === 'ok')
      return { facts: [fact, 'The refund is on its way.'], steps: [quoted.step, issued.step] };
    const ticket = await this.#try('porter', 'ticket', TicketReply, { subject: `refund of order ${order}` });
    const people = `A person has to decide that${ticket.reply === undefined ? '' : `; your ticket is ${ticket.reply.ticket}`}.`;
    return { facts: [fact, people], steps: [quoted.step, issued.step, ticket.step] };
  }

  async knowledge({ question }: Now): Promise<Next> {
    const tried = await this.#try('kb', 'search', SearchReply, { query: question, limit: 1 });
    return { facts: (tried.reply?.articles ?? []).map(({ text }) => text), steps: [tried.step] };
  }

  async greeting(): Promise<Next> {
    const tried = await this.#try('porter', 'greet', GreetReply, { guest: 'guest' });
    return { facts: [tried.reply?.greeting ?? 'Welcome.'], steps: [tried.step] };
  }

  async compose({ question, facts }: Now): Promise<Next> {
    const content = ['Answer from these facts only.', ...facts.map((fact) => `- ${fact}`)].join('\n');
    const tried = await this.#try(SMALL, 'chat', ChatReply, {
      messages: [
        { role: 'system', content },
        { role: 'user', content: question },
      ],
    });
    return { answer: tried.reply?.message.content ?? facts.join(' '), steps: [tried.step] };
  }

  /** A call whose failure is an answer too: the customer hears something in any case. */
  async #try<S extends z.ZodType>(
    target: TargetRef,
    operation: string,
    schema: S,
    input: unknown,
  ): Promise<Tried<z.output<S>>> {
    const call = `${typeof target === 'string' ? target : target.name}.${operation}`;
    try {
      const { data } = await this.#airspace.call(target, operation, input);
      return { reply: schema.parse(data), step: { call, outcome: 'ok' } };
    } catch (thrown) {
      return { reply: undefined, step: stepOf(call, thrown) };
    }
  }
}

interface Tried<T> {
  readonly reply: T | undefined;
  readonly step: Step;
}

const stepOf = (call: string, thrown: unknown): Step => {
  if (thrown instanceof AirspaceError && thrown.code === 'denied')
    return { call, outcome: 'denied', ...ruleIn(thrown) };
  if (thrown instanceof TargetError && thrown.status === 404) return { call, outcome: 'not found' };
  return { call, outcome: 'failed' };
};

const ruleIn = ({ facts }: AirspaceError): { readonly rule?: string } => {
  const [rule] = Array.isArray(facts['rules']) ? facts['rules'] : [];
  return typeof rule === 'string' ? { rule } : {};
};

const tellOrder = (id: number, { item, status, due }: z.output<typeof OrderReply>['order']): string =>
  `Order ${id} (${item}) is ${status}; its day is ${due}.`;

const missed = (what: string, id: number, { outcome }: Step): string =>
  outcome === 'not found' ? `There is no order ${id}.` : `The ${what} ${id} cannot be looked up at the moment.`;

/** `concierge`: answers a customer's question by asking a model, other agents, and sometimes for more than it may have. */
import { z } from 'zod';
import { conciergeGraph } from './concierge-graph.ts';
import { airspaceFor, operation, readFlags, runAgent } from './process.ts';
import { MODEL } from './script.ts';

const AskInput = z.strictObject({ question: z.string().min(1).max(1_000) });

await runAgent(readFlags('concierge'), {
  ask: operation(AskInput, async ({ question }, context) => {
    const graph = conciergeGraph(airspaceFor(context));
    const { answer, topic, steps } = await graph.invoke({ question }, { signal: context.signal });
    return { answer, topic, steps, model: MODEL, scripted: true };
  }),
});

/** `concierge`: answers a customer's question by asking a model, other agents, and sometimes for more than it may have. */
import { z } from 'zod';
import { conciergeGraph } from './concierge-graph.ts';
import { MODEL } from './script.ts';
import { operation, readFlags, runAgent } from './serve.ts';

const AskInput = z.strictObject({ question: z.string().min(1).max(1_000) });

const ask = operation(AskInput, async ({ question }, { airspace, signal }) => {
  const { answer, topic, steps } = await conciergeGraph(airspace).invoke({ question }, { signal });
  return { answer, topic, steps, model: MODEL, scripted: true };
});

await runAgent({ ...readFlags('concierge'), operations: { ask } });

/**
 * A planner: an agent that is told what may be called, and answers with steps. Offline it is a script, and says so in what it proposes;
 * with `OPENAI_BASE_URL` and `OPENAI_API_KEY` a model writes the steps. Either way its answer is only a proposal, which Airspace checks.
 */
import { OperationError } from '../../src/client/serve.ts';

export const propose = async (input: unknown): Promise<unknown> => {
  const { OPENAI_BASE_URL: url, OPENAI_API_KEY: key, OPENAI_MODEL: model = 'gpt-4o-mini' } = process.env;
  return url && key ? asked(url, key, model, input) : scripted(input);
};

/** What a planner may say that a plan is not: each of them ends the run before its first step. */
export const NONSENSE: Readonly<Record<string, unknown>> = {
  cycle: {
    steps: [
      { id: 'a', call: 'agent/flights/search', needs: ['b'] },
      { id: 'b', call: 'agent/flights/search', needs: ['a'] },
    ],
  },
  'unknown step': { steps: [{ id: 'a', call: 'agent/flights/search', input: { to: '${steps.where.result.city}' } }] },
  forbidden: { steps: [{ id: 'pay', call: 'agent/payments/charge', input: { amountCents: 1 } }] },
  'too many': { steps: Array.from({ length: 1_000 }, (_, at) => ({ id: `s${at}`, call: 'agent/flights/search' })) },
  untyped: { steps: [{ id: 'a', call: 'agent/flights/search', when: '1 + 1' }] },
  prose: 'Sure! First I would look for a flight, and then I would book a hotel.',
  itself: { steps: [{ id: 'again', call: 'plan/wish' }] },
};

const scripted = (input: unknown): unknown => {
  const wish = wishIn(input);
  if (Object.hasOwn(NONSENSE, String(wish['say']))) return NONSENSE[String(wish['say'])];
  return {
    steps: [
      {
        id: 'find',
        description: 'proposed by a script, not by a model',
        call: 'agent/flights/search',
        input: { to: '${input.to}' },
      },
      {
        id: 'fly',
        call: 'agent/flights/book',
        input: { number: '${steps.find.result.flights[0].number}' },
        compensate: { call: 'agent/flights/cancel', input: { booking: '${steps.fly.result.booking}' } },
      },
      { id: 'sleep', call: 'agent/hotels/reserve', needs: ['fly'], input: { city: '${input.to}' } },
    ],
    output: { booking: '${steps.fly.result.booking}', room: '${steps.sleep.result.room}' },
  };
};

/** The input of the plan stands in what a planner is sent. */
const wishIn = (input: unknown): Readonly<Record<string, unknown>> => {
  const said = input as { readonly input?: Readonly<Record<string, unknown>> } | null;
  return said?.input ?? {};
};

const asked = async (url: string, key: string, model: string, input: unknown): Promise<unknown> => {
  const reply = await fetch(`${url.replace(/\/$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model,
      response_format: { type: 'json_object' },
      messages: [
        { role: 'system', content: PROMPT },
        { role: 'user', content: JSON.stringify(input) },
      ],
    }),
  });
  if (!reply.ok) throw new OperationError(502, `the model answered ${reply.status}`);
  const said = (await reply.json()) as {
    readonly choices: readonly { readonly message: { readonly content: string } }[];
  };
  const text = said.choices[0]?.message.content ?? '';
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const PROMPT =
  'Answer with JSON only: {"steps":[{"id","call","input","needs","compensate":{"call","input"}}],"output"}. ' +
  'Call only what the message lists. A text "${steps.<id>.result.<field>}" or "${input.<field>}" stands for its value.';

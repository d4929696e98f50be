/** Google ADK as an agent that others call: it serves A2A 0.3, and its model and tools are behind Airspace. */
import { BaseLlm, LlmAgent, MCPToolset } from '@google/adk';
import { toA2a } from '@google/adk/a2a';
import OpenAI from 'openai';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '', PORT } = process.env;

/** ADK brings Gemini only; this is its own way to bring another model. */
class ChatModel extends BaseLlm {
  client = new OpenAI({ baseURL: `${AIRSPACE_URL}/v1`, apiKey: AIRSPACE_KEY, maxRetries: 0 });

  async *generateContentAsync({ contents, toolsDict }) {
    const { choices, usage } = await this.client.chat.completions.create({
      model: this.model,
      messages: contents.flatMap(messagesOf),
      tools: Object.values(toolsDict).map((tool) => ({ type: 'function', function: functionOf(tool) })),
    });
    const { content, tool_calls: calls = [] } = choices[0].message;
    const parts = calls.map(({ id, function: { name, arguments: args } }) => ({
      functionCall: { id, name, args: JSON.parse(args) },
    }));
    yield {
      content: { role: 'model', parts: content ? [{ text: content }, ...parts] : parts },
      usageMetadata: { promptTokenCount: usage.prompt_tokens, candidatesTokenCount: usage.completion_tokens },
    };
  }

  async connect() {
    throw new Error('this model has no live connection');
  }
}

const functionOf = (tool) => {
  const { name, description, parameters, parametersJsonSchema } = tool._getDeclaration();
  return {
    name,
    description,
    parameters: parametersJsonSchema ?? JSON.parse(JSON.stringify(parameters).toLowerCase()),
  };
};

const messagesOf = ({ role, parts }) =>
  parts.map(({ text, functionCall, functionResponse }) => {
    if (functionResponse)
      return { role: 'tool', tool_call_id: functionResponse.id, content: JSON.stringify(functionResponse.response) };
    if (functionCall === undefined) return { role: role === 'model' ? 'assistant' : 'user', content: text ?? '' };
    const { id, name, args } = functionCall;
    return {
      role: 'assistant',
      tool_calls: [{ id, type: 'function', function: { name, arguments: JSON.stringify(args) } }],
    };
  });

const agent = new LlmAgent({
  name: 'adk',
  description: 'adds numbers',
  model: new ChatModel({ model: 'small' }),
  instruction: 'Use your tools.',
  tools: [
    new MCPToolset({
      type: 'StreamableHTTPConnectionParams',
      url: `${AIRSPACE_URL}/mcp/everything`,
      transportOptions: { requestInit: { headers: { authorization: `Bearer ${AIRSPACE_KEY}` } } },
    }),
  ],
});
const app = await toA2a(agent, { host: '127.0.0.1', port: Number(PORT), allowUnauthenticated: true });
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${PORT}`));

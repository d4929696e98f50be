/** Strands as an agent that others call: it serves A2A and says 0.2.0 in its card, and its model and tools are behind Airspace. */
import { Agent, McpClient } from '@strands-agents/sdk';
import { A2AExpressServer } from '@strands-agents/sdk/a2a/express';
import { OpenAIModel } from '@strands-agents/sdk/models/openai';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '', PORT } = process.env;

const everything = new McpClient({
  url: `${AIRSPACE_URL}/mcp/everything`,
  headers: { authorization: `Bearer ${AIRSPACE_KEY}` },
});
const model = new OpenAIModel({
  api: 'chat',
  modelId: 'small',
  apiKey: AIRSPACE_KEY,
  clientConfig: { baseURL: `${AIRSPACE_URL}/v1`, maxRetries: 0 },
});

await new A2AExpressServer({
  agentFactory: () => new Agent({ model, tools: [everything], printer: false }),
  name: 'strands',
  description: 'adds numbers',
  host: '127.0.0.1',
  port: Number(PORT),
}).serve();
console.log(`listening on ${PORT}`);

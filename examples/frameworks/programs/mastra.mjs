/** Mastra: an agent with a model by its OpenAI-compatible address, and the tools of an MCP server. */
import { Agent } from '@mastra/core/agent';
import { MCPClient } from '@mastra/mcp';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '' } = process.env;

const mcp = new MCPClient({
  servers: {
    everything: {
      url: new URL(`${AIRSPACE_URL}/mcp/everything`),
      requestInit: { headers: { authorization: `Bearer ${AIRSPACE_KEY}` } },
    },
  },
});
const tools = await mcp.listTools();

export const ask = async (text, model) => {
  const agent = new Agent({
    id: 'adder',
    name: 'adder',
    instructions: 'Use your tools.',
    model: { id: `airspace/${model}`, url: `${AIRSPACE_URL}/v1`, apiKey: AIRSPACE_KEY },
    tools,
    maxRetries: 0,
  });
  const answer = await agent.generate(text, { maxSteps: 3 });
  return answer.text;
};

export const close = () => mcp.disconnect();

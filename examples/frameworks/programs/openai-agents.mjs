/** OpenAI Agents SDK, with the API that it uses by itself (responses) and the tools of an MCP server. */
import { Agent, MCPServerStreamableHttp, run, setDefaultOpenAIClient, setTracingDisabled } from '@openai/agents';
import OpenAI from 'openai-v7';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '' } = process.env;

// It would send its traces to its maker.
setTracingDisabled(true);
setDefaultOpenAIClient(new OpenAI({ baseURL: `${AIRSPACE_URL}/v1`, apiKey: AIRSPACE_KEY, maxRetries: 0 }));
const everything = new MCPServerStreamableHttp({
  name: 'everything',
  url: `${AIRSPACE_URL}/mcp/everything`,
  requestInit: { headers: { authorization: `Bearer ${AIRSPACE_KEY}` } },
});
await everything.connect();

export const ask = async (text, model) => {
  const agent = new Agent({ name: 'adder', instructions: 'Use your tools.', model, mcpServers: [everything] });
  const { finalOutput } = await run(agent, text, { maxTurns: 3 });
  return finalOutput;
};

export const close = () => everything.close();

/** LangGraph: a ReAct agent whose model and tools are behind Airspace. */

import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { ChatOpenAI } from '@langchain/openai';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '' } = process.env;

const mcp = new MultiServerMCPClient({
  everything: {
    transport: 'http',
    url: `${AIRSPACE_URL}/mcp/everything`,
    headers: { authorization: `Bearer ${AIRSPACE_KEY}` },
  },
});
const tools = await mcp.getTools();

export const ask = async (text, model) => {
  const llm = new ChatOpenAI({
    model,
    apiKey: AIRSPACE_KEY,
    maxRetries: 0,
    configuration: { baseURL: `${AIRSPACE_URL}/v1` },
  });
  const { messages } = await createReactAgent({ llm, tools }).invoke({ messages: [{ role: 'user', content: text }] });
  return messages.at(-1).content;
};

export const close = () => mcp.close();

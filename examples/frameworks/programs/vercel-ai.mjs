/** Vercel AI SDK: `generateText` with the tools of an MCP server, by the words of Anthropic and of OpenAI. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createMCPClient } from '@ai-sdk/mcp';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs } from 'ai';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '', WORDS = 'openai' } = process.env;

const models =
  WORDS === 'anthropic'
    ? createAnthropic({ baseURL: `${AIRSPACE_URL}/v1`, apiKey: AIRSPACE_KEY })
    : createOpenAI({ baseURL: `${AIRSPACE_URL}/v1`, apiKey: AIRSPACE_KEY }).chat;
const mcp = await createMCPClient({
  transport: {
    type: 'http',
    url: `${AIRSPACE_URL}/mcp/everything`,
    headers: { authorization: `Bearer ${AIRSPACE_KEY}` },
  },
});
const tools = await mcp.tools();

export const ask = async (prompt, model) => {
  const { text } = await generateText({ model: models(model), tools, prompt, stopWhen: stepCountIs(3), maxRetries: 0 });
  return text;
};

export const close = () => mcp.close();

/** What an MCP server offers, as it lists it: `node programs/tools.mjs http://127.0.0.1:3001/mcp` */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const client = new Client({ name: 'airspace-frameworks', version: '1' });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
const { tools } = await client.listTools();
console.log(`TOOLS ${JSON.stringify(tools)}`);
process.exit(0);

/** The smallest agent: one function. With a key it registers itself; without, it is an endpoint like any other. */
import { serveAgent } from '../../src/client/serve.ts';

const { AIRSPACE_URL: url, AIRSPACE_KEY: key, PORT = '0' } = process.env;

const agent = await serveAgent({
  name: 'hello',
  port: Number(PORT),
  operations: { greet: (input) => ({ greeting: `hello, ${(input as { name?: string })?.name ?? 'stranger'}` }) },
  ...(url && key ? { hub: { url, key } } : {}),
});
process.once('SIGTERM', () => void agent.close());
console.log(`listening on ${agent.url}`);

/** `kb`: the handbook of the shop, to search and to read. Its domain only ever reads. */
import { z } from 'zod';
import { OperationError } from '../../../src/client/serve.ts';
import { ARTICLES, search } from './articles.ts';
import { operation, readFlags, runAgent } from './process.ts';

const SearchInput = z.strictObject({ query: z.string().min(1).max(500), limit: z.int().min(1).max(10).default(3) });
const ReadInput = z.strictObject({ slug: z.string().min(1).max(100) });

await runAgent(readFlags('kb'), {
  search: operation(SearchInput, ({ query, limit }) => ({ articles: search(query, limit) })),
  read: operation(ReadInput, ({ slug }) => {
    const article = ARTICLES.find((each) => each.slug === slug);
    if (article === undefined) throw new OperationError(404, `there is no article \`${slug}\`; search for one`);
    return { article };
  }),
});

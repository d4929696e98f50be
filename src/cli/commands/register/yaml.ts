/** Resources as YAML that can be applied again, in which nothing that a stranger wrote moves a cursor or hides. */
import { Document, isScalar, visit } from 'yaml';

/** Controls and what Unicode calls format; line feeds are YAML's own business. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export const yamlOf = (resources: readonly object[]): string => resources.map(documentOf).join('---\n');

/** Texts with such characters are quoted, and inside of quotes each has an escape: what comes out means what came in. */
const documentOf = (resource: object): string => {
  const document = new Document(resource, { aliasDuplicateObjects: false });
  visit(document, (_, node) => {
    if (isScalar(node) && typeof node.value === 'string' && node.value.search(UNSEEN) >= 0) node.type = 'QUOTE_DOUBLE';
  });
  return document.toString({ lineWidth: 0 }).replace(UNSEEN, escaped);
};

const escaped = (char: string): string => {
  const code = char.codePointAt(0)!.toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
};

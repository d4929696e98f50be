/** The handbook of the sample shop, and a search that anyone can follow: most words in common wins. */

export interface Article {
  readonly slug: string;
  readonly title: string;
  readonly text: string;
}

export const ARTICLES: readonly Article[] = [
  {
    slug: 'delivery-times',
    title: 'How long delivery takes',
    text: 'Parcels leave within two working days. Delivery takes three to five working days more, islands a week.',
  },
  {
    slug: 'returns',
    title: 'Returning something',
    text: 'You may return anything unused within 30 days. Print the label from your order and hand the parcel in anywhere.',
  },
  {
    slug: 'refunds',
    title: 'How refunds work',
    text: 'A refund is issued by a person of our desk, to the card that paid, within three working days of their decision.',
  },
  {
    slug: 'warranty',
    title: 'Warranty and repair',
    text: 'Everything has a warranty of two years. Cast iron and knives are repaired or replaced for life.',
  },
  {
    slug: 'gift-cards',
    title: 'Gift cards',
    text: 'Gift cards are valid for three years and can pay for a part of an order. They cannot be exchanged for money.',
  },
  {
    slug: 'care-cast-iron',
    title: 'Caring for cast iron',
    text: 'Wash a cast-iron pan without soap, dry it at once and rub it with a little oil while it is warm.',
  },
];

/** Short and frequent words say nothing about a topic. */
const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z]{4,}/g) ?? []);

const INDEX = ARTICLES.map((article) => ({ article, words: wordsOf(`${article.title} ${article.text}`) }));

/** Best first; ties in the order of the handbook. Empty when no word is shared. */
export const search = (query: string, limit: number): readonly Article[] => {
  const asked = wordsOf(query);
  return INDEX.map(({ article, words }) => ({ article, score: asked.intersection(words).size }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ article }) => article);
};

/** The orders of the sample shop: fixed, so that everyone who looks sees the same. */

export type OrderStatus = 'packed' | 'on its way' | 'delivered' | 'returned';

export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly item: string;
  readonly totalCents: number;
  readonly status: OrderStatus;
  readonly carrier: string;
  /** Day of delivery, as promised or as it was. */
  readonly due: string;
}

type Row = readonly [number, string, string, number, OrderStatus, string, string];

const ROWS: readonly Row[] = [
  [1, 'amara', 'enamel kettle, moss', 5_900, 'delivered', 'northbound', '2026-10-02'],
  [2, 'bjorn', 'wool blanket, grey', 12_900, 'delivered', 'northbound', '2026-10-05'],
  [3, 'chiyo', 'desk lamp, brass', 8_450, 'returned', 'harbour post', '2026-10-11'],
  [4, 'amara', 'set of four bowls', 4_200, 'on its way', 'harbour post', '2026-11-27'],
  [5, 'diego', 'bread knife', 3_650, 'packed', 'northbound', '2026-11-30'],
  [6, 'edda', 'linen tablecloth', 7_800, 'on its way', 'northbound', '2026-11-28'],
  [7, 'farid', 'cast-iron pan', 9_900, 'delivered', 'harbour post', '2026-11-20'],
  [8, 'greta', 'folding stool, oak', 11_500, 'packed', 'harbour post', '2026-12-01'],
  [9, 'bjorn', 'rain coat, yellow', 14_900, 'on its way', 'northbound', '2026-11-27'],
  [10, 'hana', 'tea tin, cedar', 2_300, 'delivered', 'harbour post', '2026-11-18'],
  [11, 'ivo', 'wall clock', 6_700, 'packed', 'northbound', '2026-12-02'],
  [12, 'edda', 'picnic basket', 10_200, 'delivered', 'northbound', '2026-11-14'],
];

export const ORDERS: readonly Order[] = ROWS.map(([id, customer, item, totalCents, status, carrier, due]) => ({
  id,
  customer,
  item,
  totalCents,
  status,
  carrier,
  due,
}));

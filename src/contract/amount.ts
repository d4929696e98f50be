/** Money as people write it and as we count it: exact both ways, because a float would lose the millionth that a test finds. */

const TEXT = /^(?:USD ?|\$)?(\d{1,9})(?:\.(\d{1,6}))?(?: ?USD)?$/;

/** Micro-USD of `"20 USD"`, `"$0.50"`, `"0.000001"` or a whole number of micros; undefined for what is no amount. */
export const moneyOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const found = TEXT.exec(value.trim());
  if (found === null) return undefined;
  return Number(found[1]) * 1_000_000 + Number((found[2] ?? '').padEnd(6, '0'));
};

/** `$20.00`, `$0.0125`, `$0.000001`: every digit that counts, two decimals at least. */
export const moneyText = (micros: number): string => {
  const sign = micros < 0 ? '-' : '';
  const digits = String(Math.abs(micros)).padStart(7, '0');
  const cents = digits.slice(-6).replace(/0{1,4}$/, '');
  return `${sign}$${digits.slice(0, -6)}.${cents}`;
};

/** An amount of any unit: money as money, the rest with its word. */
export const amountText = (amount: number, unit: 'micros' | 'tokens' | 'calls'): string =>
  unit === 'micros' ? moneyText(amount) : `${amount} ${unit}`;

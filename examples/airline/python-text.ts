/** Writes values as Python prints them, because the recorded replies were printed by Python and are compared byte by byte. */

/** The text of `json.dumps(value)`: `", "` and `": "` between parts, everything outside printable ASCII escaped. */
export const dumps = (value: unknown): string => {
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value !== 'object' || value === null) return asciiOnly(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  const parts = Object.entries(value).map(([key, part]) => `${asciiOnly(JSON.stringify(key))}: ${dumps(part)}`);
  return `{${parts.join(', ')}}`;
};

const asciiOnly = (text: string): string =>
  text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A number as Python prints it; a whole number as an int, since JSON has already forgotten whether it was `5` or `5.0`. */
export const pythonNumber = (value: number): string => (Number.isInteger(value) ? String(value) : pythonFloat(value));

/** `repr` of a float: `5.0`, `0.25`, `1e-05`, `1e+16`. */
export const pythonFloat = (value: number): string => {
  const size = Math.abs(value);
  if (Object.is(value, -0)) return '-0.0';
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(value) ? `${value}.0` : String(value);
};

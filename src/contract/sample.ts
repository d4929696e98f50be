/** Which traces are kept when only a share of them is: every node that sees a part of a trace must say the same without asking. */

/** By the trace's id alone. `share`: 0 keeps none, 1 all. */
export const isSampled = (trace: string, share: number): boolean => share >= 1 || hash(trace) < share * 0x1_0000_0000;

/** FNV-1a with the last step of MurmurHash3: ids that differ in one digit are far apart. */
const hash = (text: string): number => {
  let sum = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x0100_0193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85eb_ca6b);
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2_ae35);
  return (sum ^ (sum >>> 16)) >>> 0;
};

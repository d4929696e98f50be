/** How a tool says no: a sentence for the caller, thrown before anything has changed, sent as `Error: ` and the sentence. */

export class Refusal extends Error {}

/** Stops the tool. The text is the recorded desk's own wording, so it is not dressed up in the house's style. */
export const refuse = (sentence: string): never => {
  throw new Refusal(sentence);
};

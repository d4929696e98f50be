/**
 * Asks one framework, in the same words as every other, and prints what came of it: the answer, or the framework's own error.
 *   AIRSPACE_URL=http://127.0.0.1:4600 AIRSPACE_KEY=... node programs/scenes.mjs langgraph 'allowed' 'Please add 2 and 3' small
 * Three words for each scene: its name, what is said, and to which model or agent.
 */
const [program, ...words] = process.argv.slice(2);
const { ask, close } = await import(`./${program}.mjs`);

for (let at = 0; at + 2 < words.length; at += 3) {
  const [scene, text, whom] = words.slice(at, at + 3);
  const told = await ask(text, whom).then(
    (answer) => ({ answer }),
    (error) => ({ error: error.constructor?.name ?? error.name, message: String(error.message) }),
  );
  console.log(`SCENE ${JSON.stringify({ scene, ...told })}`);
}
await close();
process.exit(0);

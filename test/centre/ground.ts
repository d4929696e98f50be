/** Where the processes of the lab run: in network namespaces of this machine, whose way to the hub can be cut, or simply on loopback. */
import { execFileSync } from 'node:child_process';

export interface Ground {
  readonly name: string;
  /** What comes before a command, so that it runs there. */
  at(place: string): readonly string[];
  addressOf(place: string): string;
  /** Nothing of these places reaches the hub any more, or everything does again. Null: whoever plays ends the hub instead. */
  readonly way: { cut(places: readonly string[]): void; mend(places: readonly string[]): void } | null;
  /** Leaves nothing behind, however often it is called. */
  remove(): void;
}

export const loopback = (): Ground => ({
  name: 'loopback, the hub is killed and started again',
  at: () => [],
  addressOf: () => '127.0.0.1',
  way: null,
  remove: () => {},
});

const ip = (...words: readonly string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** Why there can be no namespaces here; undefined when there can. */
export const namespacesMissing = (): string | undefined => {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root; run it as root, or with --loopback';
  try {
    ip('netns', 'list');
    return undefined;
  } catch (thrown) {
    return `\`ip netns\` does not work here: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
};

/** One namespace for each place, all on one bridge. */
export const namespaces = (places: readonly string[]): Ground => {
  const mark = `air${process.pid % 100_000}`;
  const net = `10.213.${process.pid % 250}`;
  const bridge = `${mark}b`;
  const nsOf = (place: string): string => `${mark}-${place}`;
  const addressOf = (place: string): string => `${net}.${places.indexOf(place) + 1}`;
  const remove = (): void => {
    for (const place of places) quietly(() => ip('netns', 'del', nsOf(place)));
    quietly(() => ip('link', 'del', bridge));
  };
  try {
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('addr', 'add', `${net}.254/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    for (const [at, place] of places.entries()) {
      ip('netns', 'add', nsOf(place));
      ip('link', 'add', `${mark}v${at}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nsOf(place));
      ip('link', 'set', `${mark}v${at}`, 'master', bridge, 'up');
      ip('-n', nsOf(place), 'addr', 'add', `${addressOf(place)}/24`, 'dev', 'eth0');
      ip('-n', nsOf(place), 'link', 'set', 'lo', 'up');
      ip('-n', nsOf(place), 'link', 'set', 'eth0', 'up');
    }
  } catch (thrown) {
    remove();
    throw thrown;
  }
  const route = (verb: 'add' | 'del', away: readonly string[]): void => {
    for (const place of away) ip('-n', nsOf(place), 'route', verb, 'blackhole', `${addressOf('hub')}/32`);
  };
  return {
    name: `network namespaces ${mark}-*, the way to the hub is a blackhole`,
    at: (place) => ['ip', 'netns', 'exec', nsOf(place)],
    addressOf,
    way: { cut: (away) => route('add', away), mend: (away) => route('del', away) },
    remove,
  };
};

const quietly = (work: () => void): void => {
  try {
    work();
  } catch {
    // It was gone already.
  }
};

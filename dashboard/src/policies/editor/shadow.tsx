/**
 * A place for an editor that brings its own styles: below a shadow root they are sheets that script made, which our policy lets in, and
 * not elements in the page, which it refuses.
 */
import { type JSX, useLayoutEffect, useRef } from 'react';

interface ShadowProps {
  readonly className: string;
  /** Builds what is in it, and answers what takes it away. Called anew when it is another function. */
  readonly build: (root: ShadowRoot) => () => void;
}

export const Shadow = ({ className, build }: ShadowProps): JSX.Element => {
  const host = useRef<HTMLDivElement>(null);
  // Before whoever built it is told that it is there.
  useLayoutEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    return build(root);
  }, [build]);
  return <div ref={host} className={className} />;
};

/** How large an element is, in CSS pixels, also when that changes. */
import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

export const useSize = <T extends HTMLElement>(): readonly [RefObject<T | null>, number, number] => {
  const ref = useRef<T>(null);
  const [[width, height], setSize] = useState<readonly [number, number]>([0, 0]);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = (): void => setSize([element.clientWidth, element.clientHeight]);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return [ref, width, height];
};

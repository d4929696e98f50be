/** Traffic as it comes: each dot is one call that just ended, on the way that it went. One canvas, thirty pictures a second at most. */
import { type JSX, useEffect, useRef } from 'react';
import type { CallEvent } from '../../../src/contract/index.ts';
import { live } from '../api/live.ts';
import { type Form, formOf, type Ground, isEntry, legsOf } from '../model/forms.ts';
import { type Curve, type Layout, pointAt } from '../model/map.ts';

interface ParticlesProps {
  readonly form: Form;
  readonly layout: Layout;
  readonly ground: Ground;
  readonly width: number;
  readonly height: number;
  /** Edges of the selected request, as `from to`. */
  readonly lit: ReadonlySet<string>;
  readonly isPaused: boolean;
}

interface Dot {
  readonly curve: Curve;
  readonly color: string;
  readonly bornMs: number;
  readonly lastsMs: number;
}

const FRAME_MS = 1_000 / 30;
/** More would be a fog. */
const MOST_DOTS = 400;
const PX_PER_SECOND = 150;
/** The other nodes of a call tell of it a little later than the first one. */
const LATE_MS = 1_500;
/** Calls that wait for that. */
const MOST_WAITING = 200;

export const Particles = ({ form, layout, ground, width, height, lit, isPaused }: ParticlesProps): JSX.Element => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = useRef({ form, layout, ground, lit });
  shown.current = { form, layout, ground, lit };
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d');
    if (element == null || pen == null || isPaused) return;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const scale = devicePixelRatio;
    element.width = width * scale;
    element.height = height * scale;
    pen.scale(scale, scale);
    let dots: Dot[] = [];
    let frame = 0;
    let drawnMs = 0;
    const waiting = new Set<ReturnType<typeof setTimeout>>();
    const color = (name: string): string => getComputedStyle(element).getPropertyValue(name);
    const add = (event: CallEvent, told: readonly CallEvent[]): void => {
      if (document.hidden || dots.length >= MOST_DOTS || formOf(told) !== shown.current.form) return;
      const isBad = event.status === 'failed' || event.status === 'unknown' || event.status === 'refused';
      let bornMs = performance.now();
      for (const { from, to } of legsOf(shown.current.form, told, shown.current.ground)) {
        const curve = shown.current.layout.curves.find(({ id }) => id === `${from} ${to}`);
        if (curve === undefined) continue;
        const [x0, y0, , , , , x1, y1] = curve.points;
        const lastsMs = ((Math.hypot(x1 - x0, y1 - y0) + 40) / PX_PER_SECOND) * 1_000;
        const isLit = shown.current.lit.has(curve.id);
        const name = isBad ? '--bad' : event.status === 'denied' ? '--warn' : isLit ? '--accent' : '--flow';
        dots.push({ curve, color: color(name), bornMs, lastsMs });
        bornMs += lastsMs;
      }
      frame ||= requestAnimationFrame(draw);
    };
    /** What its other nodes said meanwhile says by which form it went. */
    const later = (event: CallEvent): void => {
      if (waiting.size >= MOST_WAITING) return;
      const timer = setTimeout(() => {
        waiting.delete(timer);
        add(
          event,
          live.seen().events.filter(({ callId }) => callId === event.callId),
        );
      }, LATE_MS);
      waiting.add(timer);
    };
    const stopWatching = live.watch((event) => {
      if (!isEntry(event)) return;
      if (shown.current.ground.nodes.size === 0) add(event, [event]);
      else later(event);
    });
    const draw = (nowMs: number): void => {
      frame = dots.length === 0 ? 0 : requestAnimationFrame(draw);
      if (nowMs - drawnMs < FRAME_MS && dots.length > 0) return;
      drawnMs = nowMs;
      dots = dots.filter(({ bornMs, lastsMs }) => nowMs - bornMs < lastsMs);
      pen.clearRect(0, 0, width, height);
      for (const { curve, color: fill, bornMs, lastsMs } of dots) {
        const share = (nowMs - bornMs) / lastsMs;
        if (share < 0) continue;
        const [x, y] = pointAt(curve, share);
        pen.globalAlpha = Math.min(1, share * 8, (1 - share) * 8);
        pen.fillStyle = fill;
        pen.beginPath();
        pen.arc(x, y, 2, 0, 2 * Math.PI);
        pen.fill();
      }
    };
    return () => {
      stopWatching();
      cancelAnimationFrame(frame);
      for (const timer of waiting) clearTimeout(timer);
    };
  }, [width, height, isPaused]);
  return <canvas ref={canvas} style={{ width, height }} />;
};

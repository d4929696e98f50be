/** What a finished call takes: its text, and what a database adds for columns, indexes and pages, as measured by `bench/spans`. */
import type { AgentSpan, CallEvent } from '../contract/index.ts';

const EVENT_OVERHEAD = 800;
const SPAN_OVERHEAD = 400;

export const eventBytes = (event: CallEvent): number => eventTextBytes(JSON.stringify(event));

export const eventTextBytes = (text: string): number => Buffer.byteLength(text) + EVENT_OVERHEAD;

export const spanBytes = (span: AgentSpan): number => spanTextBytes(JSON.stringify(span));

export const spanTextBytes = (text: string): number => Buffer.byteLength(text) + SPAN_OVERHEAD;

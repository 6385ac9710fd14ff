/**
 * Does this line belong to the event printed above it? Decided from the line alone, so that a reader may ask before it
 * cuts a stream into batches. A line that merely could stand alone (the last line of a traceback) is not a continuation.
 */

const OPENINGS = [
  'Traceback (most recent call last):',
  'During handling of the above exception',
  'The above exception was the direct cause',
  'Caused by:',
  // The gateway's router ends its message with lines of its own.
  'Received Model Group=',
  'Available Model Group Fallbacks=',
  'File "',
] as const;

/** Blank, indented (Lambda indents with U+00A0), closing a bracket, or under-lining the line above (`^^^^`, `~~~~^^`). */
const LEADS = new Set([' ', '\t', '\r', '\v', '\f', '\u00a0', '}', ']', ')', '^', '~']);

export function isContinuation(line: string): boolean {
  const first = line[0];
  if (first === undefined || LEADS.has(first)) return true;
  if (first === 'a') return isStackFrame(line);
  if (first === '<') return /^<[/!a-z]/i.test(line);
  if (first === '.') return /^\.\.\. \d+ (?:more|common frames)/.test(line);
  return OPENINGS.some((opening) => line.startsWith(opening));
}

/** `at fn (file:1:2)` and `at file:1:2` without their usual indent; "at noon we restarted" is prose. */
function isStackFrame(line: string): boolean {
  return line.startsWith('at ') && (line.includes('(') || line.includes(':'));
}

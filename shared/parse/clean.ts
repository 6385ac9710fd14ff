/** Log text as its author meant it: without terminal colours, transport characters and line-ending disguises. */

// Terminal sequences, and their remnants where a collector dropped the escape byte.
const ANSI = /\u001b\[[0-9;]{0,20}[A-Za-z]|\[(?:[0-9]{1,3};?){1,4}m/g;

export function clean(message: string): string {
  let text = message.charCodeAt(0) === 0xfeff ? message.slice(1) : message;
  // Lambda joins lines with \r and indents with no-break spaces in some logging modes.
  if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
  if (text.includes('\u00a0')) text = text.replaceAll('\u00a0', ' ');
  if (text.includes('\u0000')) text = text.replaceAll('\u0000', '');
  if (text.includes('[')) text = text.replace(ANSI, '');
  return text.isWellFormed() ? text : text.toWellFormed();
}

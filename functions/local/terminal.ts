/** The two ends of a terminal: what is data goes to standard output, everything said about it to standard error. */
import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { Message } from '../../shared/message.ts';
import type { Notifier } from '../../shared/ports.ts';
import type { Progress } from './sources.ts';

export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Control characters of log text must not reach the terminal; colours are ours alone. */
export const plain = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');

/** Prints each alert as it would be sent: the text a person gets, or with `json` the machine form as one line. */
export const terminalNotifier = (json: boolean): Notifier => ({
  send: async (message: Message) => {
    if (json) print(JSON.stringify(message.json));
    else print(`${pc.bold(pc.red('✉'))} ${pc.bold(message.subject)}\n${indented(message.text)}\n`);
  },
});

const indented = (text: string): string => text.trimEnd().replace(/^(?=.)/gm, '  ');

const SHOW_FROM_BYTES = 8 * 1024 * 1024;

/** A bar on standard error for long input, and nothing where nobody looks. */
export function progressBar(): { update: (progress: Progress) => void; stop: () => void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: '{bar} {percentage} % of {megabytes} MB · {file}',
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    update: ({ path, readBytes, totalBytes }) => {
      if (totalBytes < SHOW_FROM_BYTES) return;
      if (!started) bar.start(totalBytes, 0);
      started = true;
      bar.update(readBytes, { megabytes: Math.round(totalBytes / 1e6), file: plain(path).slice(-40) });
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

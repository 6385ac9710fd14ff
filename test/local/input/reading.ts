/** Files in a fresh directory, read by openSources: what the tests of this folder share. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openSources, type Problem, type SourceBatch, type SourceOptions } from '../../../functions/local/sources.ts';
import type { LogEvent } from '../../../shared/record.ts';

export const NOW = Date.UTC(2026, 10, 22, 15);
const made: string[] = [];

/** The directory that holds these files, all last written at NOW. */
export function directory(files: Readonly<Record<string, string | Buffer>>): string {
  const path = mkdtempSync(join(tmpdir(), 'gridwatch-'));
  made.push(path);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
    utimesSync(join(path, name), NOW / 1000, NOW / 1000);
  }
  return path;
}

export function removeDirectories(): void {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
}

export interface Reading {
  readonly batches: SourceBatch[];
  readonly events: LogEvent[];
  readonly messages: string[];
  readonly problems: Problem[];
  readonly codes: string[];
  readonly forms: string[];
}

export async function read(args: string | string[], options: Partial<SourceOptions> = {}): Promise<Reading> {
  const batches: SourceBatch[] = [];
  const problems: Problem[] = [];
  const forms: string[] = [];
  const onProblem = (problem: Problem): void => void problems.push(problem);
  const onForm = (_: string, form: string): void => void forms.push(form);
  for await (const batch of openSources([args].flat(), { nowMs: () => NOW, onProblem, onForm, ...options })) {
    batches.push(batch);
  }
  const events = batches.flatMap(({ batch }) => batch.events);
  const messages = events.map(({ message }) => message);
  return { batches, events, messages, problems, codes: problems.map(({ code }) => code), forms };
}

export async function readText(content: string | Buffer, name = 'app.log'): Promise<Reading> {
  return read(join(directory({ [name]: content }), name));
}

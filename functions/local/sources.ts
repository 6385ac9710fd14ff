/**
 * File arguments and standard input to batches of log events. Files are replayed together in event-time order; then
 * standard input follows, if `-` was named. What cannot be read is said through `onProblem`, and the rest is read.
 *
 * arguments → files → bytes (gunzipped) → form → pages of events → merge by time → batches
 */
import type { LogBatch } from '../../shared/record.ts';
import { fileBytes, type Handles } from './input/bytes.ts';
import { cutter, type SourceBatch } from './input/cut.ts';
import type { Form } from './input/form.ts';
import { merged, type Source } from './input/merge.ts';
import { findFiles, type InputFile } from './input/paths.ts';
import { type Problem, reporter } from './input/problem.ts';
import { type ByteCounter, countBytes, type Progress } from './input/progress.ts';
import { type Input, type ReadContext, readPages } from './input/reader.ts';
import { type StandardInputOptions, standardInput } from './input/standard-input.ts';

export type { SourceBatch } from './input/cut.ts';
export type { Form } from './input/form.ts';
export type { Problem } from './input/problem.ts';
export { countBytes, type Progress } from './input/progress.ts';

export interface SourceOptions {
  readonly nowMs: () => number;
  /** Events before `fromMs`, and from `toMs` on, are left out. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly onProblem: (problem: Problem) => void;
  readonly onForm?: ((path: string, form: Form) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Standard input is followed: batches leave every second. Default true. */
  readonly live?: boolean | undefined;
  readonly stdin?: StandardInputOptions['stream'] | undefined;
}

/** Files kept open after the look at their first event; more are opened a second time when they are due. */
const MAX_OPENED_AHEAD = 32;
const MAX_CHUNK_BYTES = 256 * 1024;
const MIN_CHUNK_BYTES = 8 * 1024;
/** Chunks of all files that may be open at once. */
const CHUNKS_BYTES = 4 * 1024 * 1024;

export async function* openSources(args: readonly string[], options: SourceOptions): AsyncGenerator<SourceBatch> {
  const { nowMs, signal } = options;
  const context = contextOf(options);
  const files = await findFiles(
    args.filter((arg) => arg !== '-'),
    context.report,
  );
  const progress = countBytes(total(files), nowMs, options.onProgress);
  const cut = cutter(options, nowMs);
  yield* merged(await looked(files, context, { progress, signal }), cut, signal);
  progress.end();
  if (!args.includes('-')) return;
  const stream = options.stdin ?? process.stdin;
  yield* standardInput(cut, context, { stream, nowMs, isLive: options.live ?? true, signal });
}

/** Sources that know the time of their first event; those that have none are left out, and were reported. */
async function looked(
  files: readonly InputFile[],
  context: ReadContext,
  { progress, signal }: { progress: ByteCounter; signal: AbortSignal | undefined },
): Promise<Source[]> {
  const chunkBytes = Math.max(MIN_CHUNK_BYTES, Math.min(MAX_CHUNK_BYTES, Math.floor(CHUNKS_BYTES / files.length)));
  const handles: Handles = { open: 0 };
  const sources: Source[] = [];
  for (const file of files) {
    if (signal?.aborted) break;
    const counted = inputOf(file, { chunkBytes, handles, onBytes: (bytes) => progress.add(file.path, bytes) });
    const isKept = file.isPipe || sources.length < MAX_OPENED_AHEAD;
    const ahead = readPages(isKept ? counted : inputOf(file, { chunkBytes, handles, onBytes: () => {} }), context);
    const first = await firstPages(ahead);
    if (!first) continue;
    if (!isKept) await ahead.return(undefined);
    sources.push({
      firstMs: first.ms,
      open: () => (isKept ? resumed(first.pages, ahead) : readPages(counted, context)),
    });
  }
  return sources;
}

type Pages = AsyncGenerator<LogBatch[]>;

async function firstPages(reader: Pages): Promise<{ ms: number; pages: LogBatch[] } | null> {
  for (;;) {
    const { done, value } = await reader.next();
    if (done) return null;
    const ms = value[0]?.events[0]?.timestamp;
    if (ms !== undefined) return { ms, pages: value };
  }
}

function resumed(first: LogBatch[], rest: Pages): AsyncIterator<LogBatch[]> {
  let isResumed = false;
  return {
    async next() {
      if (isResumed) return rest.next();
      isResumed = true;
      return { done: false, value: first };
    },
    return: () => rest.return(undefined),
  };
}

function inputOf(file: InputFile, options: Parameters<typeof fileBytes>[1]): Input {
  const { path, logGroup, logStream, mtimeMs } = file;
  return {
    path,
    origin: { owner: 'local', logGroup, logStream, mtimeMs, arrivalMs: null },
    bytes: () => fileBytes(file, options),
  };
}

function contextOf({ onProblem, onForm }: SourceOptions): ReadContext {
  const told = new Set<string>();
  return {
    report: reporter(onProblem),
    onForm(path, form) {
      if (!told.has(path)) onForm?.(path, form);
      told.add(path);
    },
  };
}

function total(files: readonly InputFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

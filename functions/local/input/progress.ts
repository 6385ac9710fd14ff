/** Bytes read so far of all files together, as stored (compressed files count compressed), at most ten times a second. */

export interface Progress {
  /** The input being read. */
  readonly path: string;
  readonly readBytes: number;
  readonly totalBytes: number;
}

export interface ByteCounter {
  add(path: string, bytes: number): void;
  /** Says the last figure, which the rate may have held back. */
  end(): void;
}

const LEAST_MS = 100;

export function countBytes(
  totalBytes: number,
  nowMs: () => number,
  onProgress: ((progress: Progress) => void) | undefined,
): ByteCounter {
  let readBytes = 0;
  let saidMs = -Infinity;
  let unsaid: string | null = null;
  const say = (path: string): void => {
    unsaid = null;
    // A file may grow while it is read.
    onProgress?.({ path, readBytes, totalBytes: Math.max(totalBytes, readBytes) });
  };
  return {
    add(path, bytes) {
      readBytes += bytes;
      unsaid = path;
      const now = nowMs();
      if (now - saidMs < LEAST_MS) return;
      saidMs = now;
      say(path);
    },
    end() {
      if (unsaid !== null) say(unsaid);
    },
  };
}

/**
 * Gzip, recognised by its first two bytes and not by the name. Streamed: 1 KiB goes in at a time, of which at most 1 MiB comes
 * out, so a gzip bomb costs time but no memory, and damage costs only the 1 KiB it is in.
 */
import { createGunzip, type Gunzip } from 'node:zlib';
import { errorCode } from './problem.ts';

const PIECE_BYTES = 1024;
/** What one chunk may hold, so that no later stage sees a bomb's whole output at once. */
const CHUNK_BYTES = 65_536;

export type GzipProblem = 'GZIP_TRUNCATED' | 'GZIP_CORRUPT';

export async function* uncompressed(
  chunks: AsyncIterable<Buffer>,
  onBroken: (code: GzipProblem) => void,
): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  let gunzip: Gunzipper | null = null;
  try {
    for await (const chunk of chunks) {
      let bytes: Buffer = chunk;
      if (head) {
        // Two bytes tell; a pipe may deliver the first one alone.
        bytes = head.length > 0 ? Buffer.concat([head, chunk]) : chunk;
        head = bytes.length < 2 ? Buffer.from(bytes) : null;
        if (head) continue;
        if (bytes[0] === 0x1f && bytes[1] === 0x8b) gunzip = gunzipper();
      }
      if (!gunzip) yield bytes;
      else yield* gunzip.write(bytes);
      if (gunzip?.failure()) break;
    }
    if (head && head.length > 0) yield head;
    if (!gunzip) return;
    yield* gunzip.end();
    const failure = gunzip.failure();
    if (failure) onBroken(failure);
  } finally {
    gunzip?.close();
  }
}

interface Gunzipper {
  write(bytes: Buffer): AsyncGenerator<Buffer>;
  end(): AsyncGenerator<Buffer>;
  failure(): GzipProblem | null;
  close(): void;
}

function gunzipper(): Gunzipper {
  const stream: Gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  let out: Buffer[] = [];
  let failure: GzipProblem | null = null;
  stream.on('data', (chunk: Buffer) => out.push(chunk));
  // Destroying the stream on an error would throw away what it had already inflated, so output is collected by us.
  stream.on('error', (error) => {
    failure = errorCode(error) === 'Z_BUF_ERROR' ? 'GZIP_TRUNCATED' : 'GZIP_CORRUPT';
  });
  // An error answers a write by closing the stream, not through the write's callback.
  let answer = (): void => {};
  let isClosed = false;
  stream.on('close', () => {
    isClosed = true;
    answer();
  });
  const answered = (ask: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      answer = resolve;
      if (isClosed) resolve();
      else ask(resolve);
    });
  const taken = (): Buffer[] => {
    const chunks = out;
    out = [];
    return chunks;
  };
  return {
    async *write(bytes) {
      for (let at = 0; at < bytes.length && !failure; at += PIECE_BYTES) {
        await answered((done) => stream.write(bytes.subarray(at, at + PIECE_BYTES), done));
        yield* taken();
      }
    },
    async *end() {
      await answered(() => stream.end());
      yield* taken();
    },
    failure: () => failure,
    close: () => stream.destroy(),
  };
}

/**
 * The bytes of one file, a chunk at a time into one buffer. Thousands of files may be due in the same minute, so beyond a
 * shared allowance a file is closed after each chunk and opened again for the next.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { InputFile } from './paths.ts';

/** Below macOS' default limit of 256 files per process, with room for the store and the server. */
const MAX_KEPT_OPEN = 64;

export interface Handles {
  open: number;
}

export interface ReadOptions {
  readonly chunkBytes: number;
  readonly handles: Handles;
  readonly onBytes: (count: number) => void;
}

/** A chunk is valid until the next one is asked for. */
export async function* fileBytes(
  file: InputFile,
  { chunkBytes, handles, onBytes }: ReadOptions,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  let handle: FileHandle | null = null;
  let inode: number | null = null;
  let at = 0;
  const close = async (): Promise<void> => {
    if (!handle) return;
    const closing = handle;
    handle = null;
    handles.open--;
    await closing.close();
  };
  try {
    for (;;) {
      if (!handle) {
        handle = await open(file.path, 'r');
        handles.open++;
        inode = await sameInode(handle, inode);
      }
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, file.isPipe ? null : at);
      if (bytesRead === 0) return;
      at += bytesRead;
      onBytes(bytesRead);
      if (handles.open > MAX_KEPT_OPEN && !file.isPipe) await close();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await close();
  }
}

/** Log rotation may put another file under the name between two chunks. */
async function sameInode(handle: FileHandle, before: number | null): Promise<number> {
  const { ino } = await handle.stat();
  if (before !== null && ino !== before) throw Object.assign(new Error('file was replaced'), { code: 'CHANGED' });
  return ino;
}

/**
 * Bytes to lines. Works on bytes, so that a line knows its offset in the uncompressed stream, which is its identity when
 * the same file is read again. A line is kept up to 1 MiB (what CloudWatch Logs accepts as one event); the rest of it is
 * dropped and counted, so memory stays flat on a file without line breaks.
 */
import { checksum } from './checksum.ts';

export const MAX_LINE_BYTES = 1024 * 1024;

/** `id` is `<byte offset>-<crc32 of the line in hex>`. */
export type OnLine = (text: string, id: string) => void;

export interface LineSplitter {
  write(chunk: Buffer): void;
  /** Hands over a last line that has no line break. */
  end(): void;
  /** Lines that were longer than 1 MiB. */
  tooLong(): number;
}

export function lineSplitter(onLine: OnLine): LineSplitter {
  let carry: Buffer[] = [];
  let carried = 0;
  let offset = 0;
  let cut = 0;
  let isCut = false;
  let length = 0;

  const emit = (bytes: Buffer, start: number, end: number): void => {
    const stop = end > start && bytes[end - 1] === 13 ? end - 1 : end;
    const from = offset === 0 && hasBom(bytes, start) ? start + 3 : start;
    onLine(bytes.toString('utf8', from, stop), `${offset}-${checksum(bytes.subarray(from, stop))}`);
  };
  const keep = (part: Buffer): void => {
    length += part.length;
    if (part.length > MAX_LINE_BYTES - carried) isCut = true;
    const kept = part.subarray(0, MAX_LINE_BYTES - carried);
    if (kept.length === 0) return;
    carried += kept.length;
    carry.push(Buffer.from(kept));
  };
  const finish = (): void => {
    const bytes = carry.length === 1 && carry[0] ? carry[0] : Buffer.concat(carry);
    if (isCut) cut++;
    emit(bytes, 0, isCut ? wholeCharacters(bytes) : bytes.length);
    carry = [];
    carried = 0;
    isCut = false;
    offset += length;
    length = 0;
  };

  return {
    write(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        if (length > 0 || end - start > MAX_LINE_BYTES) {
          keep(chunk.subarray(start, end));
          finish();
          offset += 1;
        } else {
          emit(chunk, start, end);
          offset += end - start + 1;
        }
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
    end() {
      if (length > 0) finish();
    },
    tooLong: () => cut,
  };
}

function hasBom(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/** Where the last whole UTF-8 character of a cut line ends. */
function wholeCharacters(bytes: Buffer): number {
  let lead = bytes.length - 1;
  while (lead > bytes.length - 4 && ((bytes[lead] ?? 0) & 0xc0) === 0x80) lead--;
  const first = bytes[lead] ?? 0;
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.length - lead < needed ? lead : bytes.length;
}

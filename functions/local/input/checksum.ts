/** crc32 in eight hexadecimal digits. Number.toString(16) takes longer than the checksum itself, and this runs on every line. */
import { crc32 } from 'node:zlib';

export function checksum(data: Buffer | string): string {
  const sum = crc32(data);
  return String.fromCharCode(
    digit(sum >>> 28),
    digit((sum >>> 24) & 15),
    digit((sum >>> 20) & 15),
    digit((sum >>> 16) & 15),
    digit((sum >>> 12) & 15),
    digit((sum >>> 8) & 15),
    digit((sum >>> 4) & 15),
    digit(sum & 15),
  );
}

/** Character code of one hexadecimal digit. */
function digit(value: number): number {
  return value < 10 ? 48 + value : 87 + value;
}

/** crc32 in eight hexadecimal digits. Number.toString(16) takes as long as the checksum itself, so digits come from a table. */
import { crc32 } from 'node:zlib';

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function checksum(data: Buffer | string): string {
  const sum = crc32(data);
  return pair(sum >>> 24) + pair((sum >>> 16) & 255) + pair((sum >>> 8) & 255) + pair(sum & 255);
}

function pair(byte: number): string {
  return PAIRS[byte] ?? '';
}

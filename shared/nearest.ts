/** What somebody may have meant: the known name that needs the fewest changes, or null where that would be a guess. */
export function nearest(name: string, known: readonly string[]): string | null {
  const most = Math.max(1, Math.floor(Math.min(name.length, 32) / 3));
  const scored = known.map((candidate) => ({
    candidate,
    distance: changes(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const [best] = scored.filter(({ distance }) => distance <= most).sort((a, b) => a.distance - b.distance);
  return best?.candidate ?? null;
}

/** Letters to insert, drop, replace, or swap with their neighbour (optimal string alignment). */
function changes(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 12) return Number.POSITIVE_INFINITY;
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]?.push(
        Math.min(
          at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(a.length, b.length);
}

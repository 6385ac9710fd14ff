/** Remembers what was made of each of the last `max` keys or fewer. Emptied when full: keys come from logs, and may be made up. */
export function memo<Made>(max: number, make: (key: string) => Made): (key: string) => Made {
  const known = new Map<string, Made>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= max) known.clear();
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

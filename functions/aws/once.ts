/** The result of the first call that succeeds, for every later one. What throws or rejects is tried again next time. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    if (made) return made.value;
    const value = make();
    const kept = { value };
    made = kept;
    if (value instanceof Promise) {
      value.catch(() => {
        if (made === kept) made = undefined;
      });
    }
    return value;
  };
}

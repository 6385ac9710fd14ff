/** Below the 50 sockets of the SDK's HTTP handler, so that nothing queues unseen. */
const LIMIT = 32;

/**
 * The results of `work` in the order of the items, some at a time. After a failure nothing new begins, and it is thrown
 * when everything that had begun has ended: nothing goes on behind the back of the caller.
 */
export async function inParallel<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const queue = items.entries();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      if (hasFailed) return;
    }
  };
  const workers = Array.from({ length: Math.min(LIMIT, items.length) }, worker);
  for (const ended of await Promise.allSettled(workers)) if (ended.status === 'rejected') throw ended.reason;
  return results;
}

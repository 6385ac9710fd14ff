import { memoryStore } from '../../functions/local/memory-store.ts';
import { storeContract } from './store.ts';

storeContract('memory', async () => {
  const store = memoryStore();
  return { store, dispose: () => store.close() };
});

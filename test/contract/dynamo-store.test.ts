import { dynamoStore } from '../../functions/aws/store.ts';
import { clientOf, type Endpoint, newTable, startDynalite } from '../aws/dynamo-server.ts';
import { contributionAt, storeContract } from './store.ts';

/** An hour after the contract's first minute: nothing of it has expired. */
const nowMs = () => contributionAt(60, '').windowMs;

let server: Endpoint;
beforeAll(async () => {
  server = await startDynalite();
});
afterAll(() => server.close());

storeContract('dynamodb', async () => {
  const clients = [clientOf(server.url)];
  const tableName = await newTable(clients[0] as (typeof clients)[0]);
  const open = () => {
    const client = clientOf(server.url);
    clients.push(client);
    return dynamoStore({ client, tableName, nowMs });
  };
  return {
    store: open(),
    reopen: async () => open(),
    dispose: async () => {
      for (const client of clients) client.destroy();
    },
  };
});

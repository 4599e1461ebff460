import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createStorage } from '../src/storage.js';
import { fakeStorage } from './fakes.js';

for (const [key, place] of [
  ['graphiql:theme', 'local'],
  ['graphiql:docExplorerFlex', 'local'],
  ['graphiql:visiblePlugin', 'local'],
  ['graphiql:query', 'session'],
  ['graphiql:variables', 'session'],
  ['graphiql:tabState', 'session'],
  ['graphiql:queries', 'session'],
]) {
  test(`${key} is kept in ${place}Storage`, () => {
    const places = { local: fakeStorage(), session: fakeStorage() };
    const storage = createStorage(places.local, places.session);

    storage.setItem(key, 'value');

    assert.equal(storage.getItem(key), 'value');
    assert.deepEqual(Object.keys(places[place]), [key]);
    assert.equal(storage.length, 1);
    storage.removeItem(key);
    assert.equal(storage.length, 0);
  });
}

test('clearing takes GraphiQL’s things and leaves the session', () => {
  const [local, session] = [fakeStorage(), fakeStorage()];
  session.setItem('datagen:session', '{}');
  const storage = createStorage(local, session);
  storage.setItem('graphiql:theme', 'dark');
  storage.setItem('graphiql:query', '{ viewer { email } }');

  storage.clear();

  assert.deepEqual([Object.keys(local), Object.keys(session)], [[], ['datagen:session']]);
});

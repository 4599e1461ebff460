import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSession } from '../src/session.js';
import { fakeStorage } from './fakes.js';

const operations = { 'sign-in': 'sign-in', refresh: 'refresh', 'sign-out': 'sign-out' };

// jwt returns a token that lasts for seconds; serial makes it differ from the others.
function jwt(serial, seconds = 900) {
  const part = (claims) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${part({ alg: 'EdDSA' })}.${part({ iat: 5000, exp: 5000 + seconds })}.${serial}`;
}

const signedIn = (serial) => ({
  data: { session: { accessToken: jwt(serial), refreshToken: `refresh-${serial}`, user: { email: 'ada@example.com' } } },
});
const refused = { errors: [{ message: 'not signed in', extensions: { code: 'UNAUTHENTICATED' } }] };

// bench returns a session, a clock to move, and a log of what the server was asked.
function bench(answers, storage = fakeStorage()) {
  const clock = { ms: 1_000_000 };
  const asked = [];
  const post = async ({ query, variables }, headers) => {
    asked.push({ query, variables, headers });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { clock, asked, storage, session: createSession({ post, operations, storage, now: () => clock.ms }) };
}

test('a session is kept in the storage and found there again', async () => {
  const { session, storage, asked } = bench([signedIn(1)]);

  await session.signIn('ada@example.com', 'secret');

  assert.deepEqual(asked[0].variables, { email: 'ada@example.com', password: 'secret' });
  assert.equal(bench([], storage).session.get().credentials.name, 'ada@example.com');
  assert.ok(!JSON.stringify(storage).includes('secret'));
});

test('a wrong password is the server’s own words', async () => {
  const { session } = bench([refused]);
  await assert.rejects(session.signIn('ada@example.com', 'wrong'), { message: 'not signed in' });
  assert.equal(session.get().credentials, null);
});

test('a token is renewed once, shortly before it ends, however many ask', async () => {
  const { session, clock, asked } = bench([signedIn(1), signedIn(2)]);
  await session.signIn('ada@example.com', 'secret');

  clock.ms += 869_000;
  assert.equal(await session.token(), jwt(1));
  clock.ms += 1_000;
  assert.deepEqual(await Promise.all([session.token(), session.token()]), [jwt(2), jwt(2)]);

  assert.deepEqual(asked.slice(1).map(({ variables }) => variables), [{ refreshToken: 'refresh-1' }]);
});

test('a session that cannot be renewed ends, and says so', async () => {
  const { session, clock, storage } = bench([signedIn(1), refused]);
  await session.signIn('ada@example.com', 'secret');
  clock.ms += 900_000;

  assert.equal(await session.token(), undefined);

  assert.match(session.get().notice, /has ended/);
  assert.equal(Object.keys(storage).length, 0);
});

test('a session outlives a server that is away', async () => {
  const { session, clock } = bench([signedIn(1), new Error('Failed to fetch'), signedIn(2)]);
  await session.signIn('ada@example.com', 'secret');
  clock.ms += 900_000;

  await assert.rejects(session.token(), { message: 'Failed to fetch' });
  assert.equal(await session.token(), jwt(2));
});

test('signing out while the token is renewed stays signed out', async () => {
  const { session, clock } = bench([signedIn(1), signedIn(2), refused]);
  await session.signIn('ada@example.com', 'secret');
  clock.ms += 900_000;

  const token = session.token();
  await assert.rejects(session.signOut());

  assert.equal(await token, undefined);
  assert.equal(session.get().credentials, null);
});

test('signing out with a stale token renews it first, for the server to know whose session ends', async () => {
  const { session, clock, asked } = bench([signedIn(1), signedIn(2), { data: { signOut: true } }]);
  await session.signIn('ada@example.com', 'secret');
  clock.ms += 900_000;

  await session.signOut();

  assert.deepEqual(asked[2], {
    query: 'sign-out',
    variables: { refreshToken: 'refresh-2' },
    headers: { Authorization: `Bearer ${jwt(2)}` },
  });
});

test('a key is shown by its public part, is never renewed and asks the server nothing', async () => {
  const { session, clock, asked } = bench([]);
  session.useKey(' dg_abcd1234_rest ');
  clock.ms += 1e12;

  assert.equal(await session.token(), 'dg_abcd1234_rest');
  assert.equal(session.get().credentials.name, 'API key dg_abcd1234…');
  await session.signOut();
  assert.equal(asked.length, 0);
});

test('a refused token is forgotten, its successor is not', () => {
  const { session } = bench([]);
  session.useKey('new');
  session.refuse('old');
  assert.equal(session.get().credentials.accessToken, 'new');
  session.refuse('new');
  assert.equal(session.get().credentials, null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { authorizationOf, createFetcher, createPost } from '../src/transport.js';

// bench returns a fetcher over a session with a token, and logs of what was sent and refused.
function bench(result, token = 'session-token') {
  const sent = [];
  const refused = [];
  const post = async (params, headers) => {
    sent.push(headers);
    return result;
  };
  const fetcher = createFetcher(post, { token: async () => token, refuse: (bad) => refused.push(bad) });
  return { fetcher, sent, refused };
}

for (const [name, written, want] of [
  ['nothing written', undefined, { Authorization: 'Bearer session-token' }],
  ['the editor as it comes', { Authorization: 'Bearer ' }, { Authorization: 'Bearer session-token' }],
  ['an empty one', { authorization: '' }, { Authorization: 'Bearer session-token' }],
  ['another header', { 'X-Trace': '1' }, { 'X-Trace': '1', Authorization: 'Bearer session-token' }],
  ['a token', { Authorization: 'Bearer own' }, { Authorization: 'Bearer own' }],
  ['a token in lower case', { authorization: 'Token own' }, { authorization: 'Token own' }],
]) {
  test(`requests carry the session’s token unless the editor holds one: ${name}`, async () => {
    const { fetcher, sent } = bench({ data: {} });
    await fetcher({ query: '{ viewer { email } }' }, { headers: written });
    assert.deepEqual(sent, [want]);
  });
}

test('without a session a request goes without a token', async () => {
  const { fetcher, sent } = bench({ data: {} }, null);
  await fetcher({ query: '{ viewer { email } }' }, { headers: { Authorization: 'Bearer ' } });
  assert.deepEqual(sent, [{}]);
});

const unauthenticated = { errors: [{ message: 'not signed in', extensions: { code: 'UNAUTHENTICATED' } }] };

for (const [name, operationName, headers, want] of [
  ['the schema’s request', 'IntrospectionQuery', {}, ['session-token']],
  ['with a token of the editor’s', 'IntrospectionQuery', { Authorization: 'Bearer own' }, []],
  ['any other, such as a sign-in with a wrong password', 'SignIn', {}, []],
]) {
  test(`only the schema’s request shows the session’s token to be bad: ${name}`, async () => {
    const { fetcher, refused } = bench(unauthenticated);
    await fetcher({ query: '', operationName }, { headers });
    assert.deepEqual(refused, want);
  });
}

for (const [text, want] of [
  ['{"Authorization": "Bearer "}', ''],
  ['{"Authorization": "Bearer x"}', 'Bearer x'],
  ['{"authorization": "Token x", "X-Trace": "1"}', 'Token x'],
  ['{"Authorization": "Bear', ''],
  ['', ''],
  ['null', ''],
]) {
  test(`the Authorization in ${text || 'an empty editor'} is ${want || 'none'}`, () => {
    assert.equal(authorizationOf(text), want);
  });
}

test('an answer that is no JSON is told by its status', async () => {
  const post = createPost('/graphql', async () => new Response('<h1>oops</h1>', { status: 502, statusText: 'Bad Gateway' }));
  await assert.rejects(post({ query: '{ a }' }), { message: 'The server answered 502 Bad Gateway' });
});

test('an error answer in JSON is the result', async () => {
  const post = createPost('/graphql', async () => Response.json(unauthenticated, { status: 401 }));
  assert.deepEqual(await post({ query: '{ a }' }), unauthenticated);
});

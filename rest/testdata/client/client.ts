// Does what clients do, with types made from the server's document. To run it on a server that is there:
//
//   npm ci && SERVER=http://localhost:8080 EMAIL=demo@example.com PASSWORD=... npm run try
//
// DATAGEN_TEST_NODE=1 has "go test ./rest -run TypedClient" run it.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Annotation = components['schemas']['Annotation'];

const { SERVER: baseUrl, EMAIL: username, PASSWORD: password } = process.env;
assert(baseUrl && username && password, 'set SERVER, EMAIL and PASSWORD');

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

// got unwraps an answer that went well.
function got<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  assert(answer.response.ok && answer.data !== undefined, `${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const api = createClient<paths>({ baseUrl });

const refused = await api.POST('/api/v1/auth/token/', { body: { username, password: 'wrong' } });
assert.equal(refused.response.status, 400);
assert(refused.error);

const { token } = got(await api.POST('/api/v1/auth/token/', { body: { username, password } }));
api.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Token ${token}`);
    return request;
  },
});
const user = got(await api.GET('/api/v1/auth/user/'));
assert.equal(user.email, username);

const made = got(await api.POST('/api/v1/datasets/', { body: { name: 'Made by a typed client', description: 'to try it' } }));
const datasets = got(await api.GET('/api/v1/datasets/', { params: { query: { page: 1, page_size: 5, ordering: '-created_at' } } }));
assert.equal(datasets.results[0]?.id, made.id);
const path = { dataset: made.id };

const label = got(await api.POST('/api/v1/datasets/{dataset}/labels/', {
  params: { path }, body: { name: 'boat', color: '#905ef8', order: 1 },
}));
const labels = got(await api.GET('/api/v1/datasets/{dataset}/labels/', { params: { path, query: { page: 'last', search: 'boat' } } }));
assert.deepEqual(labels.results.map((l) => l.id), [label.id]);

const encoded = got(await api.POST('/api/v1/datasets/{dataset}/images/', {
  params: { path }, body: { image: `data:image/png;base64,${png.toString('base64')}`, extra_information: { seed: 7 } },
}));
assert.equal(encoded.extension, 'png');

const uploaded = got(await api.POST('/api/v1/datasets/{dataset}/images/', {
  params: { path },
  body: { image: 'boat.png', is_synthetic: true },
  bodySerializer(body) {
    const form = new FormData();
    form.set('image', new Blob([png], { type: 'image/png' }), body.image);
    form.set('is_synthetic', String(body.is_synthetic));
    return form;
  },
}));
assert.equal(uploaded.original_name, 'boat.png');
assert.equal(uploaded.is_synthetic, true);

const picture = await fetch(uploaded.image);
assert.equal(picture.headers.get('Content-Type'), 'image/png');

const image = { ...path, image: uploaded.id };
const replaced = got(await api.POST('/api/v1/datasets/{dataset}/images/{image}/annotations/batch/', {
  params: { path: image },
  body: [
    { type: 'bounding_box', data: { point: [0.25, 0.25], width: 0.5, height: 0.5 }, label: label.id },
    { type: 'polygon', data: { left: 0, top: 0, points: [[0, 0], [1, 0], [1, 1]] }, label: label.id },
  ],
}));
assert.deepEqual(replaced.map((a) => a.label), [label.id, label.id]);
const annotations: Annotation[] = got(await api.GET('/api/v1/datasets/{dataset}/images/{image}/annotations/', { params: { path: image } })).results;
assert.deepEqual(annotations.map((a) => a.label.name), ['boat', 'boat']);

const gone = await api.DELETE('/api/v1/datasets/{dataset}/', { params: { path } });
assert.equal(gone.response.status, 204);
const missing = await api.GET('/api/v1/datasets/{dataset}/', { params: { path } });
assert.equal(missing.error?.detail, 'Not found.');

console.log(`${user.email}: dataset ${made.id}, label ${label.id}, images ${encoded.id} and ${uploaded.id}, ${annotations.length} annotations`);

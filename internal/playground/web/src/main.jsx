import 'graphiql/style.css';
import './playground.css';

import { createRoot } from 'react-dom/client';

import { App } from './app.jsx';
import { createSession } from './session.js';
import { createStorage } from './storage.js';
import { createPost } from './transport.js';

const root = document.getElementById('playground');

async function loadSetup() {
  const response = await fetch(root.dataset.setup);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

try {
  const setup = await loadSetup();
  const post = createPost(setup.endpoint);
  const session = createSession({ post, operations: setup.operations, storage: sessionStorage });
  createRoot(root).render(
    <App examples={setup.examples} post={post} session={session} storage={createStorage(localStorage, sessionStorage)} />,
  );
} catch (error) {
  root.querySelector('.notice').textContent = `The playground could not start. ${error.message}`;
}

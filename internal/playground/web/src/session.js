const storageKey = 'datagen:session';

// A token is renewed this many milliseconds before it ends, so that none ends on its way.
const margin = 30_000;

// createSession keeps who the requests speak for. It lives in storage, which is
// to be sessionStorage: a token must not outlive the tab it was given to.
//
// operations are the documents sign-in, refresh and sign-out; the first two
// answer under the alias session.
export function createSession({ post, operations, storage, now = Date.now }) {
  let state = { credentials: read(storage), notice: '' };
  let renewal = null;
  const listeners = new Set();

  function set(credentials, notice = '') {
    state = { credentials, notice };
    if (credentials) storage.setItem(storageKey, JSON.stringify(credentials));
    else storage.removeItem(storageKey);
    listeners.forEach((listener) => listener());
  }

  async function ask(document, variables, headers) {
    const { data, errors } = await post({ query: document, variables }, headers);
    if (errors?.length) throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions?.code });
    return data;
  }

  function keep({ accessToken, refreshToken, user }) {
    set({ name: user.email, accessToken, refreshToken, staleAt: staleAt(accessToken, now()) });
  }

  const isStale = ({ staleAt }) => staleAt !== null && now() >= staleAt;

  const exchange = async ({ refreshToken }) => (await ask(operations.refresh, { refreshToken })).session;

  // renew does nothing to a session that has been replaced or left meanwhile.
  async function renew(old) {
    const isCurrent = () => state.credentials === old;
    try {
      const next = await exchange(old);
      if (isCurrent()) keep(next);
    } catch (error) {
      if (error.code !== 'UNAUTHENTICATED') throw error;
      if (isCurrent()) set(null, 'The session has ended. Sign in again.');
    }
  }

  return {
    get: () => state,

    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async signIn(email, password) {
      keep((await ask(operations['sign-in'], { email, password })).session);
    },

    useKey(key) {
      const accessToken = key.trim();
      set({ name: nameOf(accessToken), accessToken, refreshToken: null, staleAt: null });
    },

    // signOut forgets the token at once, and tells the server if there is a session to end.
    async signOut() {
      const { credentials } = state;
      set(null);
      if (!credentials.refreshToken) return;
      const { accessToken, refreshToken } = isStale(credentials) ? await exchange(credentials) : credentials;
      await ask(operations['sign-out'], { refreshToken }, { Authorization: `Bearer ${accessToken}` });
    },

    // token returns what requests are to carry, or undefined. Callers at the
    // same moment share one renewal: a refresh token is good for one use.
    async token() {
      if (state.credentials && isStale(state.credentials)) {
        renewal ??= renew(state.credentials).finally(() => (renewal = null));
        await renewal;
      }
      return state.credentials?.accessToken;
    },

    // refuse forgets a token that the server does not know, unless it has been replaced meanwhile.
    refuse(token) {
      if (state.credentials?.accessToken === token) set(null, 'The server does not accept this token. Sign in again.');
    },
  };
}

function read(storage) {
  try {
    return JSON.parse(storage.getItem(storageKey));
  } catch {
    return null;
  }
}

// nameOf shows as much of a key as identifies it: dg_ and eight characters.
function nameOf(token) {
  return token.startsWith('dg_') ? `API key ${token.slice(0, 11)}…` : 'a pasted token';
}

// staleAt tells by this machine's clock when to renew a JWT that came just now,
// or null for a token that does not say. It trusts the token's span only, since
// the two machines' clocks may differ.
function staleAt(token, receivedAt) {
  const claims = claimsOf(token);
  if (!claims?.exp || !claims.iat) return null;
  return receivedAt + (claims.exp - claims.iat) * 1000 - margin;
}

function claimsOf(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(payload));
  } catch {
    return null;
  }
}

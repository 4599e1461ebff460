// What may stay when the tab is closed: how the page looks.
const lasting = /^graphiql:(theme|visiblePlugin|\w+Flex)$/;

// createStorage returns the Storage that GraphiQL keeps its things in. Queries,
// variables and history may hold a password (that of signIn, say), so they go
// to session and end with the tab; only the looks go to local.
export function createStorage(local, session) {
  const home = (key) => (lasting.test(key) ? local : session);
  const ours = (storage) => Object.keys(storage).filter((key) => key.startsWith('graphiql:'));
  return {
    getItem: (key) => home(key).getItem(key),
    setItem: (key, value) => home(key).setItem(key, value),
    removeItem: (key) => home(key).removeItem(key),
    clear: () => [local, session].forEach((storage) => ours(storage).forEach((key) => storage.removeItem(key))),
    get length() {
      return ours(local).length + ours(session).length;
    },
  };
}

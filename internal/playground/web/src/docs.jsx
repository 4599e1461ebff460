import { DOC_EXPLORER_PLUGIN, DocExplorer } from '@graphiql/plugin-doc-explorer';
import { DocsFilledIcon, DocsIcon, usePluginStore, useSchemaStore } from '@graphiql/react';

function Icon() {
  const { visiblePlugin } = usePluginStore();
  return visiblePlugin === docs ? <DocsFilledIcon /> : <DocsIcon />;
}

function Docs() {
  const { schema, isFetching, shouldIntrospect } = useSchemaStore();
  if (schema || isFetching) return <DocExplorer />;
  return (
    <section className="docs-hint" aria-label="Documentation Explorer">
      <h2>Docs</h2>
      {shouldIntrospect ? <Unreadable /> : <SignInFirst />}
    </section>
  );
}

function SignInFirst() {
  return (
    <p>
      The schema is shown to those who are signed in. Sign in above, paste an API key there, or write a token into{' '}
      <em>Headers</em>: then every type and field is described here, and the editor completes them.
    </p>
  );
}

function Unreadable() {
  return (
    <p>
      The schema could not be read; the answer on the right says why. Put it right, then press{' '}
      <em>Re-fetch GraphQL schema</em> at the lower left.
    </p>
  );
}

// docs is GraphiQL's documentation explorer, with a word to those who may not read the schema yet.
export const docs = { ...DOC_EXPLORER_PLUGIN, icon: Icon, content: Docs };

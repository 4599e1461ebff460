import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useEditorContext, useSchemaStore } from '@graphiql/react';
import { GraphiQL } from 'graphiql';

import { Bar } from './bar.jsx';
import { docs } from './docs.jsx';
import { authorizationOf, createFetcher } from './transport.js';

const defaultHeaders = '{"Authorization": "Bearer "}';

// A header is taken for typed when nothing followed for this many milliseconds.
const pause = 600;

// useTypedAuthorization follows the Headers editors: it returns the last
// Authorization written into one of them, and what to tell of their edits.
function useTypedAuthorization() {
  const [typed, setTyped] = useState('');
  const onEdit = useMemo(() => {
    let timer;
    return (text) => {
      clearTimeout(timer);
      timer = setTimeout(() => setTyped((last) => authorizationOf(text) || last), pause);
    };
  }, []);
  return [typed, onEdit];
}

// Eraser takes back what GraphiQL wrote into the answer's pane when the schema
// could not be read, once that is put right: GraphiQL would leave it there.
function Eraser() {
  const { fetchError } = useSchemaStore();
  const { responseEditor } = useEditorContext({ nonNull: true });
  const written = useRef(null);
  useEffect(() => {
    if (written.current && !fetchError && responseEditor.getValue() === written.current) responseEditor.setValue('');
    written.current = fetchError;
  }, [fetchError, responseEditor]);
  return null;
}

// App is the whole page: the bar that signs in, and GraphiQL below it.
export function App({ examples, post, session, storage }) {
  const { credentials } = useSyncExternalStore(session.subscribe, session.get);
  const [typed, onEditHeaders] = useTypedAuthorization();
  // GraphiQL reads the schema anew when its fetcher changes, so there is one for each person.
  const person = credentials?.name ?? '';
  const fetcher = useMemo(() => createFetcher(post, session), [post, session, person, typed]);
  const tabs = useMemo(() => examples.map(({ text }) => ({ query: text.trimEnd(), headers: defaultHeaders })), [examples]);

  return (
    <>
      <Bar session={session} />
      <main className="playground-main">
        <GraphiQL
          fetcher={fetcher}
          // Anonymous introspection is refused: null keeps GraphiQL from asking.
          schema={credentials || typed ? undefined : null}
          storage={storage}
          defaultTabs={tabs}
          defaultQuery=""
          defaultHeaders={defaultHeaders}
          defaultEditorToolsVisibility="headers"
          shouldPersistHeaders={false}
          onEditHeaders={onEditHeaders}
          referencePlugin={docs}
          schemaDescription
          inputValueDeprecation
        >
          <GraphiQL.Logo>
            <></>
          </GraphiQL.Logo>
          <Eraser />
        </GraphiQL>
      </main>
    </>
  );
}

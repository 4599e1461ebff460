import { useState, useSyncExternalStore } from 'react';

// useAction runs one asynchronous action at a time and keeps the message of its failure.
function useAction() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  async function run(action) {
    setBusy(true);
    setProblem('');
    try {
      await action();
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  }
  return { busy, problem, run };
}

// Bar says who requests speak for, and lets that be changed.
export function Bar({ session }) {
  const { credentials, notice } = useSyncExternalStore(session.subscribe, session.get);
  const action = useAction();
  return (
    <header className="bar">
      <strong className="bar-title">Datagen</strong>
      {credentials ? (
        <SignedIn credentials={credentials} onSignOut={() => action.run(session.signOut)} />
      ) : (
        <SignedOut session={session} action={action} />
      )}
      <span className="bar-problem" role="alert">
        {action.problem || notice}
      </span>
    </header>
  );
}

function SignedIn({ credentials: { name, refreshToken }, onSignOut }) {
  return (
    <>
      <span className="bar-who">
        {refreshToken ? 'Signed in as' : 'Using'} <b>{name}</b>
      </span>
      <button type="button" onClick={onSignOut}>
        {refreshToken ? 'Sign out' : 'Forget'}
      </button>
      <span className="bar-aside">Requests carry this token, unless Headers holds another.</span>
    </>
  );
}

// submitting turns a form's submission into a call with its fields.
function submitting(call) {
  return (event) => {
    event.preventDefault();
    call(Object.fromEntries(new FormData(event.currentTarget)));
  };
}

function SignedOut({ session, action: { busy, run } }) {
  const signIn = ({ email, password }) => run(() => session.signIn(email, password));
  const useKey = ({ key }) => run(() => session.useKey(key));
  return (
    <>
      <form className="bar-form" onSubmit={submitting(signIn)}>
        <input name="email" type="email" autoComplete="username" placeholder="E-mail" aria-label="E-mail" required />
        <input
          name="password"
          type="password"
          autoComplete="current-password"
          placeholder="Password"
          aria-label="Password"
          required
        />
        <button className="bar-main" disabled={busy}>
          Sign in
        </button>
      </form>
      <span className="bar-aside">or</span>
      <form className="bar-form" onSubmit={submitting(useKey)}>
        <input
          name="key"
          type="password"
          autoComplete="off"
          spellCheck="false"
          placeholder="API key or token"
          aria-label="API key or token"
          required
        />
        <button disabled={busy}>Use</button>
      </form>
    </>
  );
}

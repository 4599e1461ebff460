// createPost returns a function that sends a GraphQL request and returns the
// JSON that came back. It throws when the answer is none.
export function createPost(endpoint, send = fetch) {
  return async (params, headers = {}) => {
    const response = await send(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
      body: JSON.stringify(params),
      credentials: 'omit',
    });
    try {
      return await response.json();
    } catch {
      throw new Error(`The server answered ${response.status} ${response.statusText}`.trim());
    }
  };
}

// createFetcher returns what GraphiQL sends its requests with. An Authorization
// written into the Headers editor goes before the session's.
export function createFetcher(post, session) {
  return async (params, options = {}) => {
    const headers = withoutBlank(options.headers ?? {});
    if (nameOfAuthorization(headers)) return post(params, headers);

    const token = await session.token();
    const result = await post(params, token ? { ...headers, Authorization: `Bearer ${token}` } : headers);
    // Only the schema's own request proves a token bad: any other may be a sign-in with a wrong password.
    if (token && params.operationName === 'IntrospectionQuery' && isUnauthenticated(result)) session.refuse(token);
    return result;
  };
}

// authorizationOf returns the Authorization that the text of a Headers editor
// holds, or '' if it holds none that is whole.
export function authorizationOf(text) {
  try {
    const headers = withoutBlank(JSON.parse(text));
    return headers[nameOfAuthorization(headers)] ?? '';
  } catch {
    return '';
  }
}

function nameOfAuthorization(headers) {
  return Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
}

// withoutBlank drops an Authorization that is a scheme without a token, as the editor comes with.
function withoutBlank(headers) {
  const name = nameOfAuthorization(headers);
  if (!name || !/^\s*(bearer|token)?\s*$/i.test(headers[name])) return headers;
  const { [name]: _, ...rest } = headers;
  return rest;
}

function isUnauthenticated({ errors }) {
  return Boolean(errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED'));
}

const place = document.getElementById('docs');

// Fields of forms begin empty, and what is empty is not sent. The viewer would fill them with text, and with keys of
// rows that there are not; it asks for what to fill them with by the content type false.
const emptyFields = () => ({
  afterLoad({ fn }) {
    const sample = fn.getSampleSchema;
    fn.getSampleSchema = (schema, contentType, ...rest) => {
      const filled = sample(schema, contentType, ...rest);
      return contentType !== false || Array.isArray(filled) ? filled : undefined;
    };
  },
  wrapComponents: {
    ParameterIncludeEmpty: (Original, { React }) => (props) => React.createElement(Original, {
      ...props,
      isIncludedOptions: { ...props.isIncludedOptions, defaultValue: false },
    }),
  },
});

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  filter: true,
  tryItOutEnabled: true,
  plugins: [emptyFields],
  validatorUrl: null, // nothing is asked of anybody else
});

// Builds the page into ../assets: one script, one style sheet, the licences of
// everything in them, and a digest of the sources that proves them fresh.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, '..', 'assets');

// replaceAll fails the build when a patch no longer finds what it patches.
function replaceAll(text, pattern, replacement) {
  if (!pattern.test(text)) throw new Error(`nothing matches ${pattern}`);
  return text.replace(pattern, replacement);
}

// GraphiQL's style sheet carries 340 kB of fonts as data: URLs, which the
// page's policy does not load. The system's own fonts take their place.
const systemFonts = {
  name: 'system-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path: file }) => {
      let css = await readFile(file, 'utf8');
      css = replaceAll(css, /@font-face\s*\{[^}]*\}/g, '');
      css = replaceAll(css, /"Roboto", sans-serif/g, 'system-ui, sans-serif');
      css = replaceAll(css, /"Fira Code", monospace/g, 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace');
      return { contents: css, loader: 'css' };
    });
  },
};

async function bundle() {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: { playground: 'src/main.jsx' },
    outdir: out,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    jsx: 'automatic',
    legalComments: 'none', // LICENSES.txt holds them
    metafile: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    alias: { 'react-style-singleton': './src/style-singleton.js' },
    plugins: [systemFonts],
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}

// packagesOf returns the folders of the npm packages that inputs come from.
function packagesOf(inputs) {
  const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
  const found = inputs.map((input) => folder.exec(input)?.[1]).filter(Boolean);
  return [...new Set(found)];
}

// These are published without the text of their licence. It is that of a
// sibling by the same author and under the same terms.
const siblings = {
  '@graphiql/plugin-doc-explorer': 'node_modules/graphiql',
  '@graphiql/plugin-history': 'node_modules/graphiql',
  'react-compiler-runtime': 'node_modules/react',
  'react-remove-scroll-bar': 'node_modules/react-remove-scroll',
  'toggle-selection': 'node_modules/copy-to-clipboard',
};

async function licenceTexts(folder) {
  const files = (await readdir(path.join(here, folder))).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  return Promise.all(files.sort().map((file) => readFile(path.join(here, folder, file), 'utf8')));
}

async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(here, folder, 'package.json'), 'utf8'));
  const texts = await licenceTexts(siblings[name] ?? folder);
  if (!license || texts.length === 0) throw new Error(`${name} comes without a licence`);
  const heading = `${name} ${version} (${license})`;
  return [heading, '='.repeat(heading.length), ...texts.map((text) => text.replaceAll('\r\n', '\n').trim())].join('\n\n');
}

async function writeLicences(inputs) {
  const sections = await Promise.all(packagesOf(inputs).map(licenceOf));
  const text = ['The playground is built from these packages.', ...sections.sort()].join('\n\n\n');
  await writeFile(path.join(out, 'LICENSES.txt'), text + '\n');
}

// sources lists what the assets are made of, sorted. TestAssetsAreFresh knows the same list.
async function sources() {
  const src = (await readdir(path.join(here, 'src'))).map((file) => `src/${file}`);
  return ['build.mjs', 'package-lock.json', 'package.json', ...src].sort();
}

async function digest() {
  const hash = createHash('sha256');
  for (const file of await sources()) {
    hash.update(`${file}\0`).update(await readFile(path.join(here, file))).update('\0');
  }
  return hash.digest('hex');
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await writeLicences(await bundle());
await copyFile(path.join(here, 'src/index.html'), path.join(out, 'index.html'));
await copyFile(path.join(here, 'src/icon.svg'), path.join(out, 'icon.svg'));
await writeFile(path.join(out, 'SOURCES.sha256'), (await digest()) + '\n');

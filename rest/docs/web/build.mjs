// Copies Swagger UI into ../assets, with the licences of what is in it.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const from = path.join(here, 'node_modules/swagger-ui-dist');
const out = path.join(here, '../assets');

const read = (name) => readFile(path.join(from, name), 'utf8');

// Source maps are not there.
const withoutMap = (text) => text.replace(/\n?\/[/*]# sourceMappingURL=\S+?(\*\/)?\s*$/, '\n');

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
  await writeFile(path.join(out, name), withoutMap(await read(name)));
}
const { name, version, license } = JSON.parse(await read('package.json'));
const texts = await Promise.all(['NOTICE', 'LICENSE', 'swagger-ui-bundle.js.LICENSE.txt'].map(read));
await writeFile(path.join(out, 'LICENSES.txt'), [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n\n') + '\n');

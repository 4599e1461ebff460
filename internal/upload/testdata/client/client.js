// Sends FILE to SERVER with the client that pages use, breaks one upload off and goes on with it, and deletes another.
// It prints the address of the one that is whole.
import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";

const { SERVER, FILE } = process.env;

const make = (options) =>
  new Upload(createReadStream(FILE), {
    endpoint: SERVER,
    uploadSize: statSync(FILE).size,
    headers: { Actor: "owner" },
    metadata: { filename: "boats.zip", filetype: "application/zip" },
    retryDelays: [0, 100, 100, 100, 100, 100],
    ...options,
  });

const whole = (options) =>
  new Promise((resolve, reject) => {
    const upload = make({ ...options, onError: reject, onSuccess: () => resolve(upload.url) });
    upload.start();
  });

// begun is the address of an upload of which some came.
const begun = () =>
  new Promise((resolve, reject) => {
    const upload = make({
      chunkSize: 2_000_000,
      onError: reject,
      onChunkComplete: () => upload.abort().then(() => resolve(upload.url), reject),
    });
    upload.start();
  });

const uploadUrl = await begun();
if ((await whole({ uploadUrl })) !== uploadUrl) throw new Error("the upload has moved");
await Upload.terminate(await begun(), { headers: { Actor: "owner" } });
console.log(uploadUrl);

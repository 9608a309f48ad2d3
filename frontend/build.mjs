// Writes static/vendor/govuk-frontend from the pinned npm package. Run through `make frontend`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../static/vendor/govuk-frontend/", import.meta.url));
const { version } = JSON.parse(readFileSync(`${here}node_modules/govuk-frontend/package.json`, "utf8"));
const notice = `/*! govuk-frontend ${version}, MIT licence, see LICENSE.txt beside this file */\n`;

// A budget and not a wish: the whole of a parent's first page is to stay under 60 KB compressed.
const MAX_CSS_GZ = 25_000;
const FORBIDDEN = [/gds.transport/i, /govuk-crest/i, /#1d70b8/i, /govuk-logotype/i];

function check(name, text, limit) {
  for (const pattern of FORBIDDEN) {
    if (pattern.test(text)) throw new Error(`${name} carries GOV.UK branding: ${pattern}`);
  }
  const size = gzipSync(text, { level: 9 }).length;
  if (limit && size > limit) throw new Error(`${name} is ${size} bytes compressed, more than ${limit}`);
  console.log(`${name} ${text.length} bytes, ${size} compressed`);
}

mkdirSync(out, { recursive: true });

const css =
  notice +
  sass
    .compile(`${here}govuk.scss`, { loadPaths: [`${here}node_modules`], style: "compressed" })
    .css.replace(/^\uFEFF/, "") +
  "\n";
check("govuk-frontend.min.css", css, MAX_CSS_GZ);
writeFileSync(`${out}govuk-frontend.min.css`, css);

const bundle = await esbuild.build({
  entryPoints: [`${here}govuk.mjs`],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2020"],
  legalComments: "none",
  write: false,
});
const js = notice + bundle.outputFiles[0].text;
check("govuk-frontend.min.js", js);
writeFileSync(`${out}govuk-frontend.min.js`, js);

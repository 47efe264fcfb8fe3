// The page of one witness as a single file: style, script and pictures inside, nothing fetched, read with scripts off.
import type { Explanation } from '../explain.js';
import { shortId } from '../text/layout.js';
import { asset, policyHash } from './assets.js';
import { html, trusted } from './html.js';
import { witnessSections } from './witness-sections.js';

/** The policy in its head allows nothing but the style and script that stand in it, so no name can bring a script. */
export function htmlForm(explanation: Explanation): string[] {
  const style = `${asset('page.css')}${asset('picture.css')}`;
  const script = asset('witness.js');
  const policy = `default-src 'none'; style-src ${policyHash(style)}; script-src ${policyHash(script)}; base-uri 'none'; form-action 'none'`;
  const { witness, title, tool } = explanation;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${shortId(witness.id)} ${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<header class="top"><span class="brand">relock</span><span class="where">witness ${witness.id}</span></header>
<main>
${witnessSections(explanation, { linkTo: () => null, more: [] })}
</main>
<footer>Made by relock ${tool}. This file stands for itself: nothing in it is fetched from anywhere.</footer>
<script>${trusted(script)}</script>
</body>
</html>`;
  return String(page).split('\n');
}

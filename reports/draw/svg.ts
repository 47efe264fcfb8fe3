// SVG files: the timeline above the waits-for graph, with their colours inside, for papers and bug trackers.
import type { Explanation } from '../explain.js';
import { asset } from '../html/assets.js';
import { type Html, html, trusted } from '../html/html.js';
import { shortId } from '../text/layout.js';
import { stageOf } from './stage.js';
import { type Picture, timeline } from './timeline.js';
import { waitsForGraph } from './waits-for-graph.js';

const HEAD = 58;
const GAP = 20;

/** One picture as an `svg` element of a page, named for those who cannot see it. */
export function svgElement(picture: Picture, title: string, id: string): Html {
  return html`<svg class="picture" id="${id}" role="img" aria-labelledby="${id}-title" viewBox="0 0 ${picture.width} ${picture.height}" width="${picture.width}" height="${picture.height}"><title id="${id}-title">${title}</title>${picture.body}</svg>`;
}

/** A whole file. */
export function svgForm(explanation: Explanation): string[] {
  const stage = stageOf(explanation);
  const above = timeline(explanation, stage);
  const below = waitsForGraph(explanation, stage);
  const width = Math.max(above.width, below.width);
  const height = HEAD + above.height + GAP + below.height;
  const { witness, title } = explanation;
  const about = `${witness.basis}, ${witness.grade}, lock model ${witness.model}, relock ${explanation.tool}`;
  const file = html`<svg xmlns="http://www.w3.org/2000/svg" class="picture file" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title"><title id="title">${title}</title><style>${trusted(asset('picture.css'))}</style><rect class="paper" width="${width}" height="${height}"/><text class="heading" x="12" y="24">${shortId(witness.id)}  ${title}</text><text class="about" x="12" y="44">${about}</text><g transform="translate(0 ${HEAD})">${above.body}</g><g transform="translate(0 ${HEAD + above.height + GAP})">${below.body}</g></svg>`;
  return String(file).split('\n');
}

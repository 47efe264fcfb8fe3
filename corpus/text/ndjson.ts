// A capture as lines of JSON: a first line with everything but the events, then one line an event.
import type { Capture } from '../schema/capture.js';
import type { CaptureDocument, EventDocument } from '../schema/forms.js';
import { canonicalJson } from './json.js';
import { captureDocument, eventDocuments } from './json-capture.js';

/** The name that the first line bears. */
export const NDJSON_SCHEMA = 'relock.events/1';

const CHUNK_CHARS = 1 << 16;

/** The first line: tables and facts of a capture. */
export interface NdjsonHead extends Omit<CaptureDocument, 'events' | 'schema'> {
  readonly schema: typeof NDJSON_SCHEMA;
}

/** Chunks of whole lines. Equal captures give equal texts. */
export function* ndjsonText(capture: Capture): Generator<string> {
  const { events: _none, ...rest } = captureDocument({ ...capture, events: NO_EVENTS });
  let text = `${canonicalJson({ ...rest, schema: NDJSON_SCHEMA })}\n`;
  for (const event of eventDocuments(capture.events)) {
    text += `${canonicalJson(event satisfies EventDocument)}\n`;
    if (text.length > CHUNK_CHARS) {
      yield text;
      text = '';
    }
  }
  yield text;
}

const NO_EVENTS: Capture['events'] = {
  kind: new Uint8Array(0),
  task: new Uint32Array(0),
  lock: new Int32Array(0),
  mode: new Uint8Array(0),
  site: new Int32Array(0),
  peer: new Int32Array(0),
  cpu: new Int32Array(0),
  context: new Uint8Array(0),
  known: new Uint8Array(0),
  disabled: new Uint8Array(0),
  episode: new Uint32Array(0),
  timeNs: new BigInt64Array(0),
  where: new Float64Array(0),
};

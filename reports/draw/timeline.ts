// Timeline: one lane a task, one row a lock that it holds or waits for, along the steps of the schedule, as SVG.
import type { Explanation } from '../explain.js';
import { type Html, html } from '../html/html.js';
import { taskTitle } from '../text/scenario.js';
import { taskClass, textWidth } from './paint.js';
import type { HoldBar, Stage, WaitBar } from './stage.js';

const WIDTH = 1180;
const MARGIN = 12;
const HEAD = 26;
const TITLE = 28;
const ROW = 36;
const BAR = 12;
const GAP = 14;

type Bar = (HoldBar & { readonly what: 'hold' }) | (WaitBar & { readonly what: 'wait' });

/** A picture with its measures, to be set into a page or a file. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly body: Html;
}

/** Draws the lanes. Bars carry `data-from`, so that a page can dim what has not happened yet. */
export function timeline(explanation: Explanation, stage: Stage): Picture {
  const lanes = explanation.tasks.map((task, index) => ({
    title: taskTitle(task),
    index,
    bars: barsOf(stage, index),
  }));
  const labels = lanes.flatMap((lane) => [lane.title, ...lane.bars.map(barLabel)]);
  const width = Math.max(WIDTH, ...labels.map((text) => textWidth(text) + 2 * MARGIN));
  const column = (width - 2 * MARGIN) / Math.max(1, stage.moves + 1);
  const x = (move: number) => Math.round((MARGIN + (move + 0.5) * column) * 10) / 10;
  const right = width - MARGIN;

  let y = HEAD;
  const drawn: Html[] = [];
  for (const lane of lanes) {
    const top = y;
    drawn.push(
      html`<text class="title ${taskClass(lane.index)}" x="${MARGIN}" y="${y + 16}">${lane.title}</text>`,
    );
    y += TITLE;
    for (const bar of lane.bars) {
      drawn.push(drawBar(bar, x(bar.from), bar.to === null ? right : x(bar.to), y, width));
      y += ROW;
    }
    if (lane.bars.length === 0) y += 6;
    y += GAP;
    drawn.push(html`<line class="rule" x1="${MARGIN}" x2="${right}" y1="${top - 4}" y2="${top - 4}"/>`);
  }
  const height = y;
  const ticks = explanation.moves.map(
    (_, move) =>
      html`<line class="tick" x1="${x(move)}" x2="${x(move)}" y1="${HEAD - 6}" y2="${height - 8}"/><text class="step" x="${x(move)}" y="14" text-anchor="middle">${move + 1}</text>`,
  );
  const cursor = html`<rect class="cursor" data-left="${MARGIN}" data-column="${column}" x="${right - 3}" y="0" width="3" height="${height}"/>`;
  return { width, height, body: html`<g class="ticks">${ticks}</g>${cursor}${drawn}` };
}

function barsOf(stage: Stage, task: number): Bar[] {
  const bars: Bar[] = [
    ...stage.holds.map((bar) => ({ ...bar, what: 'hold' as const })),
    ...stage.waits.map((bar) => ({ ...bar, what: 'wait' as const })),
  ];
  return bars.filter((bar) => bar.task === task).sort((a, b) => a.from - b.from);
}

function barLabel(bar: Bar): string {
  return bar.what === 'hold' ? `holds ${bar.lock}` : `waits for ${bar.wants}`;
}

function drawBar(bar: Bar, from: number, to: number, y: number, width: number): Html {
  const label = barLabel(bar);
  // The label begins where its bar does, unless it would leave the picture.
  const at = Math.min(from, width - MARGIN - textWidth(label));
  const shape = bar.what === 'hold' ? `bar ${taskClass(bar.task)}` : 'bar wait';
  return html`<g class="row" data-from="${bar.from}"><text class="label" x="${Math.max(MARGIN, at)}" y="${y + 9}">${label}</text><rect class="${shape}" x="${from}" y="${y + 15}" width="${Math.max(4, to - from)}" height="${BAR}" rx="3"/></g>`;
}

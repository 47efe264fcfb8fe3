// Waits-for graph as SVG: tasks on the left, locks on the right, in the order of the cycle from top to bottom.
import type { Explanation } from '../explain.js';
import { type Html, html } from '../html/html.js';
import { LINE, taskClass, textWidth } from './paint.js';
import type { Arrow, Stage } from './stage.js';
import type { Picture } from './timeline.js';

const MARGIN = 16;
const PAD = 12;
const CHANNEL = 150;
const ROW = 62;
const OUTSIDE = 34;
const LABEL_AT = 0.36;

interface Node {
  readonly left: boolean;
  readonly lines: readonly string[];
  readonly class: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Draws all arrows that ever are; those that are gone at the end have the class `past`. */
export function waitsForGraph(explanation: Explanation, stage: Stage): Picture {
  const order = orderOf(explanation, stage);
  const box = (lines: readonly string[]) => Math.max(...lines.map(textWidth)) + 2 * PAD;
  const taskLines = (task: number) => {
    const { label, name, function: fn, irq } = explanation.tasks[task] as Explanation['tasks'][number];
    const runs = fn === null || fn === name ? [] : [fn];
    return [`${label} ${name}`, ...runs, ...(irq === null ? [] : [`<${irq}irq>`])];
  };
  const left = order.flatMap((item) => (typeof item === 'number' ? [box(taskLines(item))] : []));
  const right = order.flatMap((item) => (typeof item === 'string' ? [box([item])] : []));
  const leftWidth = Math.max(60, ...left);
  const rightWidth = Math.max(60, ...right);
  const rightX = MARGIN + OUTSIDE + leftWidth + CHANNEL;
  const nodes = new Map<number | string, Node>();
  let y = MARGIN + OUTSIDE;
  for (const item of order) {
    const isTask = typeof item === 'number';
    const lines = isTask ? taskLines(item) : [item];
    const height = lines.length * LINE + PAD;
    const width = box(lines);
    const x = isTask ? MARGIN + OUTSIDE + (leftWidth - width) / 2 : rightX + (rightWidth - width) / 2;
    const paint = isTask ? `task ${taskClass(item)}` : 'lock';
    nodes.set(item, { left: isTask, lines, class: paint, x, y, width, height });
    y += Math.max(ROW, height + 26);
  }
  const width = rightX + rightWidth + OUTSIDE + MARGIN;
  const arrows = stage.arrows.map((arrow) => drawArrow(arrow, nodes, width));
  const boxes = [...nodes.values()].map(drawNode);
  return { width, height: y, body: html`${MARKERS}${arrows}${boxes}` };
}

const MARKERS = html`<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0 10 5 0 10z"/></marker><marker id="tip-cycle" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip cycle" d="M0 0 10 5 0 10z"/></marker></defs>`;

/** Tasks (numbers) and locks (texts): first along the cycle, then the rest. */
function orderOf(explanation: Explanation, stage: Stage): (number | string)[] {
  const order: (number | string)[] = [];
  const add = (item: number | string | null) => {
    if (item !== null && !order.includes(item)) order.push(item);
  };
  for (const wait of explanation.waits) {
    add(wait.waiter);
    const arrow = stage.arrows.find((a) => a.kind === 'wants' && a.task === wait.waiter && a.inCycle);
    add(arrow?.lock ?? null);
    add(wait.leftBy);
  }
  for (const task of explanation.tasks.keys()) add(task);
  for (const arrow of stage.arrows) add(arrow.lock);
  return order;
}

function drawNode(node: Node): Html {
  const centre = node.x + node.width / 2;
  const texts = node.lines.map(
    (line, i) =>
      html`<text class="${i === 0 ? 'name' : 'runs'}" x="${centre}" y="${node.y + PAD / 2 + LINE * (i + 0.75)}" text-anchor="middle">${line}</text>`,
  );
  return html`<g class="node ${node.class}"><rect x="${node.x}" y="${node.y}" width="${node.width}" height="${node.height}" rx="${node.left ? 5 : node.height / 2}"/>${texts}</g>`;
}

function drawArrow(arrow: Arrow, nodes: ReadonlyMap<number | string, Node>, width: number): Html | null {
  const task = nodes.get(arrow.task);
  const end = nodes.get(arrow.lock ?? arrow.other ?? -1);
  if (task === undefined || end === undefined) return null;
  const [a, b] = arrow.kind === 'wants' ? [task, end] : [end, task];
  const { path, labelX, labelY } = route(a, b, width);
  const word = arrow.kind === 'wants' ? (arrow.lock === null ? 'waits for' : 'wants') : 'held by';
  const paint = ['arrow', arrow.kind, arrow.inCycle ? 'cycle' : '', arrow.to === null ? '' : 'past'];
  const room = textWidth(word);
  return html`<g class="${paint.filter((p) => p !== '').join(' ')}" data-from="${arrow.from}" data-to="${arrow.to === null ? '' : arrow.to}"><path d="${path}" marker-end="url(#${arrow.inCycle ? 'tip-cycle' : 'tip'})"/><rect class="plate" x="${labelX - room / 2}" y="${labelY - 9}" width="${room}" height="16" rx="3"/><text x="${labelX}" y="${labelY + 4}" text-anchor="middle">${word}</text></g>`;
}

interface Route {
  readonly path: string;
  readonly labelX: number;
  readonly labelY: number;
}

function route(a: Node, b: Node, width: number): Route {
  const middle = (node: Node) => node.y + node.height / 2;
  if (a === b) {
    const y = middle(a);
    const x = a.x;
    return {
      path: `M${x} ${y - 6}C${x - 40} ${y - 30} ${x - 40} ${y + 30} ${x} ${y + 6}`,
      labelX: x - 22,
      labelY: y - 26,
    };
  }
  if (a.left && b.left) {
    const x = Math.min(a.x, b.x) - OUTSIDE + 6;
    const path = `M${a.x} ${middle(a)}C${x} ${middle(a)} ${x} ${middle(b)} ${b.x} ${middle(b)}`;
    return { path, labelX: Math.max(44, x + 10), labelY: (middle(a) + middle(b)) / 2 };
  }
  const up = middle(b) < middle(a) - 1;
  if (!a.left && up && b.y < a.y - a.height - ROW) {
    // Back to the start of the cycle: around the outside, so that it crosses nothing.
    const x = width - 18;
    const top = 16;
    const to = b.x + b.width / 2;
    const path = `M${a.x + a.width} ${middle(a)}H${x - 10}Q${x} ${middle(a)} ${x} ${middle(a) - 10}V${top + 10}Q${x} ${top} ${x - 10} ${top}H${to + 10}Q${to} ${top} ${to} ${top + 10}V${b.y - 1}`;
    return { path, labelX: (to + x) / 2, labelY: top };
  }
  // Two arrows between the same two boxes keep apart: one leaves below the middle, one arrives above it.
  const shift = a.left ? -5 : 5;
  const [x1, x2] = a.left ? [a.x + a.width, b.x] : [a.x, b.x + b.width];
  const [y1, y2] = [middle(a) + shift, middle(b) + shift];
  const bend = (x1 + x2) / 2;
  return {
    path: `M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}`,
    // On the curve, and nearer to where it begins: so two arrows between the same boxes are told apart.
    labelX: onCurve(x1, bend, bend, x2),
    labelY: onCurve(y1, y1, y2, y2),
  };
}

/** A coordinate of the point at LABEL_AT of a cubic Bezier curve. */
function onCurve(p0: number, p1: number, p2: number, p3: number): number {
  const t = LABEL_AT;
  const u = 1 - t;
  return Math.round(u * u * u * p0 + 3 * u * u * t * p1 + 3 * u * t * t * p2 + t * t * t * p3);
}

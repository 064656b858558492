/** Where a lot is drawn: the drawing and its steps, what is picked, which tool is in hand, what is about to be added. */

import {
  addArea,
  addBeacon,
  addCorner,
  addHole,
  addRow,
  areaRing,
  baysAlong,
  type Drawing,
  dropCorner,
  move,
  moveCorner,
  nextAreaId,
  type Pick,
  remove,
  reshape,
  rowOf,
  rowRings,
  type Spot,
  Steps,
  turn,
} from '../../lib/lots/drawing';
import { snapped } from '../../lib/lots/snapping';
import type { Tool } from '../../lib/lots/tool';

/** A stroke that was drawn and not yet added. */
interface Draft {
  from: Spot;
  to: Spot;
  count: number;
  right: boolean;
  /** What its ends lie on. */
  holds: Spot[];
}

export class Desk {
  /** The drawing after the last step. */
  drawing = $state.raw<Drawing | null>(null);
  /** The drawing while something is dragged. */
  #dragged = $state.raw<Drawing | null>(null);
  pick = $state.raw<Pick | null>(null);
  editing = $state(false);
  tool = $state<Tool>('pick');
  draft = $state.raw<Draft | null>(null);
  /** Whether strokes are drawn to edges, ends and directions. */
  snaps = $state(true);
  canUndo = $state(false);
  canRedo = $state(false);
  #steps: Steps | null = null;
  #sketch = $state.raw<Spot[]>([]);

  get shown(): Drawing | null {
    return this.#dragged ?? this.drawing;
  }

  get changed(): boolean {
    return this.canUndo;
  }

  get draftRings(): Spot[][] {
    if (this.draft) return rowRings(this.draft.from, this.draft.to, this.draft.count, this.draft.right);
    return this.#sketch.length ? [this.#sketch] : [];
  }

  open(drawing: Drawing): void {
    this.#steps = new Steps(drawing);
    this.pick = null;
    this.#settle();
  }

  /** One step, which can be undone. */
  change(make: (drawing: Drawing) => Drawing): void {
    if (!this.#steps) return;
    this.#steps.add(make(this.#steps.now));
    this.#settle();
  }

  undo(): void {
    this.#steps?.undo();
    this.#settle();
  }

  redo(): void {
    this.#steps?.redo();
    this.#settle();
  }

  #settle(): void {
    this.#dragged = null;
    this.draft = null;
    this.#sketch = [];
    this.drawing = this.#steps?.now ?? null;
    this.canUndo = this.#steps?.canUndo ?? false;
    this.canRedo = this.#steps?.canRedo ?? false;
    if (this.pick && !this.#isThere(this.pick)) this.pick = null;
  }

  #isThere(pick: Pick): boolean {
    const drawing = this.drawing;
    if (!drawing) return false;
    const holes = drawing.holes.map((_, index) => ({ id: String(index) }));
    const known = { bay: drawing.bays, area: drawing.areas, beacon: drawing.beacons, hole: holes, lot: [drawing] }[pick.kind];
    return pick.ids.every((id) => known.some((one) => one.id === id));
  }

  take(tool: Tool): void {
    this.tool = tool;
    this.draft = null;
    this.#sketch = [];
    if (tool !== 'pick') this.pick = null;
  }

  stop(): void {
    this.editing = false;
    this.take('pick');
    while (this.#steps?.canUndo) this.#steps.undo();
    this.#settle();
  }

  /** The ground of the lot, and what is none in it, are picked only when they are drawn on: elsewhere a tap there means "nothing". */
  choose(pick: Pick | null): void {
    this.pick = (pick?.kind === 'lot' || pick?.kind === 'hole') && !this.editing ? null : pick;
  }

  /** Picks a feature by its id, wherever it is. */
  show(id: string): void {
    const drawing = this.drawing;
    if (!drawing) return;
    const kinds: [Pick['kind'], { id: string }[]][] = [['bay', drawing.bays], ['area', drawing.areas], ['beacon', drawing.beacons], ['lot', [drawing]]];
    const found = kinds.find(([, known]) => known.some((one) => one.id === id));
    if (found) this.pick = { kind: found[0], ids: [id] };
  }

  wholeRow(): void {
    const first = this.pick?.ids[0];
    if (this.drawing && first) this.pick = { kind: 'bay', ids: rowOf(this.drawing, first) };
  }

  #drag(make: (drawing: Drawing, pick: Pick) => Drawing, done: boolean): void {
    const [drawing, pick] = [this.drawing, this.pick];
    if (!drawing || !pick) return;
    const next = make(drawing, pick);
    if (done) this.change(() => next);
    else this.#dragged = next;
  }

  move(by: Spot, done: boolean): void {
    if (by.x === 0 && by.y === 0) this.#dragged = null;
    else this.#drag((drawing, pick) => move(drawing, pick, by), done);
  }

  corner(corner: number, to: Spot, isNew: boolean, done: boolean): void {
    const change = isNew ? addCorner(corner, to) : moveCorner(corner, to);
    this.#drag((drawing, pick) => reshape(drawing, pick, change), done);
  }

  dropCorner(corner: number): void {
    this.#drag((drawing, pick) => reshape(drawing, pick, dropCorner(corner)), true);
  }

  stroke(from: Spot, to: Spot, done: boolean, reachM = 0): void {
    const drawing = this.drawing;
    if (!drawing) return;
    if (this.tool === 'row') {
      const stroke = this.snaps ? snapped(drawing, from, to, reachM) : { from, to, holds: [] };
      this.draft = { ...stroke, count: Math.max(1, baysAlong(stroke.from, stroke.to)), right: this.draft?.right ?? false };
    }
    else if (done && this.tool === 'hole') {
      this.change(() => addHole(drawing, from, to));
      this.tool = 'pick';
      this.pick = { kind: 'hole', ids: [String(drawing.holes.length)] };
    } else if (done) {
      const id = nextAreaId(drawing);
      this.change(() => addArea(drawing, from, to, id));
      this.tool = 'pick';
      this.pick = { kind: 'area', ids: [id] };
    } else this.#sketch = areaRing(drawing, from, to);
  }

  /** Adds the row that was drawn; false when it lies in no area. */
  addRow(): boolean {
    const [drawing, draft] = [this.drawing, this.draft];
    if (!drawing || !draft) return false;
    const next = addRow(drawing, draft.from, draft.to, draft.count, draft.right);
    if (next) {
      this.change(() => next);
      this.pick = { kind: 'bay', ids: next.bays.slice(drawing.bays.length).map((bay) => bay.id) };
      this.tool = 'pick';
    }
    return next !== null;
  }

  /** False outside every area. */
  addBeacon(at: Spot): boolean {
    const next = this.drawing && addBeacon(this.drawing, at);
    if (next) {
      this.change(() => next);
      const id = next.beacons.at(-1)?.id ?? '';
      this.tool = 'pick';
      this.pick = { kind: 'beacon', ids: [id] };
    }
    return next !== null;
  }

  remove(): void {
    const pick = this.pick;
    if (pick) this.change((drawing) => remove(drawing, pick));
  }

  turn(deg: number): void {
    const pick = this.pick;
    if (pick) this.change((drawing) => turn(drawing, pick, deg));
  }
}

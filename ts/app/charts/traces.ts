/**
 * Paints the last seconds of several signals as lines on a canvas, each group in a band of its own.
 * Knows nothing of what they measure.
 */

export interface TraceGroup {
  /** Channels of the group, and the value that reaches its edge. */
  readonly channels: readonly number[];
  readonly limit: number;
}

const DASHES: readonly (readonly number[])[] = [[], [5, 2], [1.5, 2]];

/** `rows` is the whole history that is shown, oldest first. */
export function paintTraces(
  canvas: HTMLCanvasElement,
  rows: Float32Array,
  rowWidth: number,
  shownRows: number,
  groups: readonly TraceGroup[],
): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const scale = devicePixelRatio;
  const { clientWidth, clientHeight } = canvas;
  canvas.width = clientWidth * scale;
  canvas.height = clientHeight * scale;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const count = rows.length / rowWidth;
  const band = clientHeight / groups.length;
  groups.forEach(({ channels, limit }, g) => {
    const middle = band * (g + 0.5);
    context.strokeStyle = style.getPropertyValue("--rule");
    context.setLineDash([]);
    context.lineWidth = 1;
    context.strokeRect(0, Math.round(middle) + 0.5, clientWidth, 0);
    context.lineWidth = 1.4;
    context.strokeStyle = style.color;
    channels.forEach((channel, line) => {
      context.setLineDash([...(DASHES[line % DASHES.length] ?? [])]);
      context.beginPath();
      for (let i = 0; i < count; i++) {
        const x = ((shownRows - count + i) / (shownRows - 1)) * clientWidth;
        const value = Math.max(-limit, Math.min(limit, rows[i * rowWidth + channel] ?? 0));
        context.lineTo(x, middle - (value / limit) * (band / 2 - 3));
      }
      context.stroke();
    });
  });
}

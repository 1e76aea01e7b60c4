/**
 * Paints numbers as colours on a canvas: a grid for states, a rolling picture for spectrograms. The
 * colours go from dark to light, so they read without colour too. Knows nothing of what is painted.
 */

type Rgb = readonly [number, number, number];

const STOPS: readonly Rgb[] = [
  [8, 18, 34],
  [22, 62, 98],
  [28, 118, 134],
  [96, 178, 118],
  [246, 214, 98],
  [255, 246, 214],
];

const PALETTE = Uint32Array.from({ length: 256 }, (_, i) => {
  const at = (i / 255) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(at));
  const [a, b] = [STOPS[index]!, STOPS[index + 1]!];
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(a[channel] + (b[channel] - a[channel]) * (at - index));
  return (255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0);
});

function colour(value: number, low: number, high: number): number {
  const share = high > low ? (value - low) / (high - low) : 0;
  return PALETTE[Math.max(0, Math.min(255, Math.round(share * 255)))]!;
}

/** Every value a cell, row by row; the canvas becomes that many cells. */
export function paintGrid(canvas: HTMLCanvasElement, values: Float32Array, columns: number): void {
  const rows = Math.ceil(values.length / columns);
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  values.forEach((value, i) => {
    pixels[i] = colour(Math.sqrt(Math.abs(value) / largest), 0, 1);
  });
  context.putImageData(image, 0, 0);
}

/** Shifts the picture to the left and paints rows as new columns, low values at the bottom. */
export function paintRolling(
  canvas: HTMLCanvasElement,
  rows: Float32Array,
  rowWidth: number,
  range: { readonly low: number; readonly high: number },
): void {
  const count = rowWidth === 0 ? 0 : rows.length / rowWidth;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null || count === 0) return;
  if (canvas.height !== rowWidth) canvas.height = rowWidth;
  const { width } = canvas;
  const shown = Math.min(count, width);
  context.drawImage(canvas, -shown, 0);
  const image = context.createImageData(shown, rowWidth);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < shown; column++) {
    const row = (count - shown + column) * rowWidth;
    for (let band = 0; band < rowWidth; band++) {
      const value = rows[row + band]!;
      pixels[(rowWidth - 1 - band) * shown + column] = colour(value, range.low, range.high);
    }
  }
  context.putImageData(image, width - shown, 0);
}

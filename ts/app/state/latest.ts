/** Of calls of one kind that overlap, only the last one asked for is shown. Knows nothing of what is called. */

/** Begins a call. @returns whether it still is the last one begun */
export type Begin = () => () => boolean;

export function latest(): Begin {
  let begun = 0;
  return () => {
    const own = ++begun;
    return () => own === begun;
  };
}

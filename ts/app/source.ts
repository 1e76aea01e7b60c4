/** A bundled model as the worker opens it. Knows nothing of how it is offered. */
import type { OfferedModel } from "./models.js";
import type { Source } from "./worker/protocol.js";

export function sourceOf(offer: OfferedModel): Source {
  const { name, blob, checkpoint, frontEnd, labels, stream } = offer;
  return {
    name: `${name}.mlm`,
    from: blob.href,
    madeFrom: { checkpoint: checkpoint.href, frontEnd: frontEnd.href, labels: labels.href },
    ...(stream && { stream: { running: stream.running, exact: stream.exact } }),
  };
}

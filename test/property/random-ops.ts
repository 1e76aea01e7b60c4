/**
 * One row an op kind: how random networks get an op of that kind. A row looks for values that the op can read,
 * chooses its fields and tensors, and says what becomes of rows and sizes; it returns undefined where the
 * network has nothing for it to read. A new op needs its row in the file of its family, and nothing else in the tests.
 */
import type { OpKind } from "../../ts/graph/descriptors/index.js";
import type { Row } from "./random-builder.js";
import { ROWS } from "./random-rows.js";
import { STATE } from "./random-state.js";
import { TIME } from "./random-time.js";

export const OP_ROWS: Readonly<Record<OpKind, Row>> = { ...ROWS, ...TIME, ...STATE };

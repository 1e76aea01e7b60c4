/* stream.h - input values over the serial line, piece by piece as the runner asks for them. */
#ifndef MLM_RUNNER_STREAM_H
#define MLM_RUNNER_STREAM_H

#include "loaded.h"

/* `count`: how many values, a decimal number; `reset`: "reset", to begin a sequence, or null, to go on. Answers with
 * class and logits. Null, or what is wrong. */
const char *stream_values(loaded *model, const char *count, const char *reset);

#endif

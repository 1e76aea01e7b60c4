/* timing_run.h - the timing report of the example that came with a model. */
#ifndef MLM_RUNNER_TIMING_RUN_H
#define MLM_RUNNER_TIMING_RUN_H

#include "loaded.h"

/* Measures and prints. Null, or what is wrong; the session is fresh behind it. */
const char *timing_run(loaded *model);

#endif

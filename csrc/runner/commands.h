/* commands.h - what a runner does: at reset, and when it is told to. */
#ifndef MLM_RUNNER_COMMANDS_H
#define MLM_RUNNER_COMMANDS_H

#include "loaded.h"

enum { COMMAND_WORDS = 4 };

/* Everything about board and model, and the timing report. `wrong`: why there is no model, or null. */
void command_start(loaded *model, const char *wrong);

/* Does what a line says and answers, "status TEXT" last. */
void command_obey(loaded *model, const char *wrong, char **words);

#endif

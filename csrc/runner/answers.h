/* answers.h - the lines in which a runner says what board and model it has and what came out. Knows no commands. */
#ifndef MLM_RUNNER_ANSWERS_H
#define MLM_RUNNER_ANSWERS_H

#include "loaded.h"

void answer_board(void);
/* `model` null: there is none. */
void answer_model(const loaded *model);
/* "status ok", "status TEXT" */
void answer_status(const char *wrong);
void answer_class(const loaded *model, int is_example);
void answer_memory(const loaded *model);

#endif

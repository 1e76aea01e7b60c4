/*
 * loaded.h - the model that lies behind the runner, opened and planned in the board's RAM, and what a command needs of
 * it. Every way in which that can fail is a line. Knows no console.
 */
#ifndef MLM_RUNNER_LOADED_H
#define MLM_RUNNER_LOADED_H

#include "mlm.h"
#include "payload.h"

enum { WORST_BYTES = 96 };

typedef struct loaded {
    payload from;
    mlm_model model;
    mlm_model_info info;
    mlm_session *session;
    uint32_t arena_bytes, high_water;
    uint64_t *operators; /* [operator_count] */
    uint32_t operator_count;
    unsigned char *chunk; /* what comes in over the line, in whole frames where one has room */
    uint32_t chunk_bytes;
    float *vectors; /* the outputs that are vectors, one behind the other */
    uint32_t vector_floats;
    uint32_t class_floats; /* of them, the first output's */
    char wrong[WORST_BYTES];
} loaded;

/* Opens and plans; the session is ready for inputs. Null when it is, else what is wrong. */
const char *loaded_open(loaded *model);

/* What example values and values over the line are. */
uint32_t loaded_example_kind(const loaded *model);
uint32_t loaded_line_kind(const loaded *model);

/* The example through the session, which is fresh behind it. */
mlm_status loaded_run_example(loaded *model);

/* How far the arena was written, ever. */
void loaded_find_high_water(loaded *model);

/* Index of the largest of the first output's. */
uint32_t loaded_class(const loaded *model);

#endif

/*
 * reference.h - a network evaluated plainly: op after op over whole sequences, with the loops that specify
 * the kernels (kernel/loops.h). No tiles, no states, no arena. Knows nothing of the core but its elementary
 * functions; a log-mel front end alone is the core's own, which session_test compares with its definition.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "network.h"

typedef struct reference {
    float *values[MLM_MAX_OPS + 1]; /* [rows][width] of each value but 0 */
    uint32_t rows[MLM_MAX_OPS + 1];
    uint32_t count;
} reference;

/* input: as for mlm_session_run. */
void reference_run(reference *made, const network *net, const void *input, uint32_t inputs);
void reference_free(reference *made);

/* Row t of the front end by its definition, in double precision: [bands]. */
void reference_logmel(const network *net, const float *samples, uint32_t t, double *row);

#endif

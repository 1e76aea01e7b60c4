/*
 * timed.h - times a model by a counter, as a whole and one operator at a time, and prints it in the form of
 * docs/timing-report.md. Knows no machine: the program says what the counter is and where inputs come from.
 */
#ifndef MLM_TIMED_H
#define MLM_TIMED_H

#include "mlm.h"

enum { TIMED_MOST_FRAMES = 100 };

/* Of the program: a counter of 32 bits that runs up, and what so much of it is in a report. */
uint32_t timed_counter(void);
uint64_t timed_as_reported(uint64_t counts);

typedef struct timed_run {
    mlm_session *session;
    uint32_t count;                      /* inputs in all: whole tiles, or less than one */
    uint32_t at_once;                    /* inputs of a tile, or `count` where that is less */
    const void *(*take)(uint32_t first); /* where inputs `first` to `first + at_once` lie */
    uint64_t *operators;                 /* [operator_count], zeroed */
    uint32_t operator_count;
    uint64_t total;
    uint32_t frames;
} timed_run;

/* What a report says besides. */
typedef struct timed_conditions {
    const char *board, *model, *weights, *arena;
    uint32_t tile;
    uint32_t clock_hz; /* of the counter; 0: it counts instructions */
    const char *wrong; /* what of the machine is not as planned, or null */
} timed_conditions;

/* Errors: as push and finish. */
mlm_status timed_measure(timed_run *run);

void timed_print(const timed_conditions *conditions, const timed_run *run);

#endif

/*
 * fails.h - calls that must fail: with the status that is wanted, and without a byte of the arena changed.
 */
#ifndef FAILS_H
#define FAILS_H

#include "harness.h"
#include "rig.h"

#include <stdlib.h>

/* Of a rig called `r`. */
#define FAILS(wanted, call)                                                                   \
    do {                                                                                      \
        unsigned char *before = malloc(r.plan.arena_bytes);                                   \
        if (!before) exit(2);                                                                 \
        memcpy(before, r.arena, r.plan.arena_bytes);                                          \
        const mlm_status status = (call);                                                     \
        CHECK_MESSAGE(status == (wanted), "%s: %s, not %s", #call, mlm_status_string(status), \
                      #wanted);                                                               \
        CHECK_MESSAGE(!memcmp(before, r.arena, r.plan.arena_bytes), "%s changed the arena",   \
                      #call);                                                                 \
        free(before);                                                                         \
    } while (0)

#endif

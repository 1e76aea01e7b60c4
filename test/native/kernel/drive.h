/*
 * drive.h - runs a class over a case as the core would: tick by tick in portions, with its buffers between
 * guard bytes. Knows nothing of what is right.
 */
#ifndef KERNEL_DRIVE_H
#define KERNEL_DRIVE_H

#include "case.h"

enum { AS_A_WHOLE, ONE_BY_ONE, AT_RANDOM, PORTIONS };

typedef struct drive_options {
    uint32_t portions;
    int knows_end;    /* the end is known from the start, as in a later stage */
    int in_place;     /* over input 0, where the class may */
    int is_unaligned; /* input 0 is the caller's: unpadded, at an odd address */
    int stepping;
    uint32_t schedule;
} drive_options;

/* Null, or what went wrong. y: [out_rows][width]. */
const char *drive(kernel_case *c, const mlm_op_class *class, const drive_options *options,
                  float *y);

#endif

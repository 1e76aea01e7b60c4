/*
 * hostile.h - op records that no encoder writes: their check functions must see what would overflow.
 */
#ifndef KERNEL_HOSTILE_H
#define KERNEL_HOSTILE_H

#include "case.h"

/* Spoils a sound case in many ways; null, or what a check function let through. */
const char *try_hostile(const kernel_spec *spec, const mlm_op_class *class);

#endif

/*
 * ways.h - the ways to run a network, each from a fresh session to all its results. Any of them must give
 * the same bits. What goes wrong on the way is reported through the harness's checks of the caller's file.
 */
#ifndef WAYS_H
#define WAYS_H

#include "reference.h"
#include "rig.h"

/* Null, or what went wrong (then the results mean nothing). */
typedef const char *(*way)(world *w, mlm_options options, sequence x, float *result);

const char *way_run(world *w, mlm_options options, sequence x, float *result);
const char *way_portions(world *w, mlm_options options, sequence x, float *result);
/* finish again and again, in the middle and twice; not for networks that look ahead. */
const char *way_interim(world *w, mlm_options options, sequence x, float *result);
/* Operator by operator; what each op makes is compared with `wanted`, which may be null. */
const char *way_steps(world *w, mlm_options options, sequence x, float *result,
                      const reference *wanted);
/* State saved and loaded into sessions of other schedules and tiles, all the way. */
const char *way_moves(world *w, sequence x, float *result);

#endif

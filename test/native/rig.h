/*
 * rig.h - what tests of sessions share: a network with its blob and model, a session whose arena lies
 * between guards, and ways to run it. Results are all rows of all outputs, one output behind the other.
 */
#ifndef RIG_H
#define RIG_H

#include "blob_builder.h"

/* ---- a network in all its forms ------------------------------------------------------------------- */

typedef struct world {
    network *net;
    blob b;
    mlm_model model;
    mlm_model_info info;
    rng random;
} world;

/* Takes the network. Returns 0 when the core refuses it: only for branches that it cannot align, or too many
 * values alive at once; exits the process for all else. */
int world_open(world *w, network *net);
int world_random(world *w, uint64_t seed, const net_limits *limits);
void world_close(world *w);
/* Prints what the network is. */
void world_explain(const world *w, const char *what, uint32_t frames);

/* Frames at random that the network is defined for; some that share the length with no tile. */
uint32_t world_frames(world *w);

/* A sequence of `frames` frames; of samples, with a few behind the last window. */
typedef struct sequence {
    void *data;
    uint32_t inputs, frames;
} sequence;
sequence sequence_of(world *w, uint32_t frames);

/* ---- options -------------------------------------------------------------------------------------- */

/* With the max_frames that the model wants for `frames` frames. */
mlm_options stream_of(const world *w, uint32_t tile, uint32_t frames);
mlm_options layer_of(uint32_t frames);
mlm_options unfused_of(uint32_t frames);

/* ---- a session ------------------------------------------------------------------------------------ */

typedef struct rig {
    const world *w;
    mlm_options options;
    mlm_plan plan;
    unsigned char *room, *arena;
    mlm_session *session;
} rig;

rig rig_open(const world *w, mlm_options options, unsigned char poison);
int rig_is_intact(const rig *r); /* guards and blob */
void rig_close(rig *r);          /* exits the process when guards are damaged */

/* ---- results -------------------------------------------------------------------------------------- */

uint32_t result_floats(const world *w, uint32_t frames);
float *result_new(const world *w, uint32_t frames);
/* Sequences are received there from now on: all of them, or those that are made at the end. */
void result_receive(const rig *r, float *result, uint32_t frames, int only_at_the_end);
/* Vectors, as finish has given them, into their places. */
void result_put_vectors(const world *w, float *result, uint32_t frames, const float *vectors);
float *vectors_new(const world *w);

/* The contract: equal bits, or both NaN. */
int same_bits(const float *a, const float *b, size_t count);

/* Status that must be OK; exits the process else. */
void must(mlm_status status, const char *what);

#endif

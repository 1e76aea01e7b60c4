/*
 * session.h - a session as it lies at the start of its arena, and the walk over its ops that session.c
 * starts (execute.c) and mamba.c takes part in. Knows where the plan put each buffer.
 */
#ifndef MLM_SESSION_H
#define MLM_SESSION_H

#include "../kernels/kernels.h"
#include "plan.h"

/* What the ops to be stepped through work on. */
enum { PHASE_IDLE = 0, PHASE_FRAMES = 1, PHASE_END = 2 };

/* Lies at the start of the arena, followed by uint32_t offsets[]: the output of each op, then every
 * other buffer in canonical order. The same layout on 32- and 64-bit targets. */
struct mlm_session {
    union {
        mlm_model model;
        uint64_t model_bytes;
    };
    union {
        const void *input; /* rows being processed */
        uint64_t input_bytes;
    };
    uint32_t schedule, tile, max_frames;
    uint32_t frames;    /* since the last reset, those being processed not included */
    uint32_t rows;      /* being processed: frames of the tile, or 1 at the end; samples, until the
                           front end has made frames of them */
    uint32_t states_at; /* offset of the states */
    uint32_t states_bytes;
    uint32_t operator_index; /* first operator of the next op; kept up to date by steps only */
    uint32_t slot;           /* index in offsets[] of the next op's other buffers */
    uint32_t channel;        /* first channel of the next chunk, of the next mamba op */
    uint16_t op;             /* the next op */
    uint8_t part;            /* of a mamba op: its next operator, an mlm_operator_kind */
    uint8_t phase;
    uint32_t inputs; /* frames, tokens or samples since the last reset, all of them */
    float lowest_a;  /* the lowest element of any mamba op's A */
};

_Static_assert(sizeof(struct mlm_session) <= MLM_SESSION_BYTES, "MLM_SESSION_BYTES too small");

/* ---- places -------------------------------------------------------------------------------- */

static inline uint32_t *mlm_offsets_of(mlm_session *session) {
    return (uint32_t *)(void *)((unsigned char *)session + MLM_SESSION_BYTES);
}

static inline float *mlm_at(mlm_session *session, uint32_t offset) {
    return (float *)(void *)((unsigned char *)session + offset);
}

/* The n-th buffer of the op in hand, in the order of its roles. */
static inline float *mlm_buffer_of(mlm_session *session, uint32_t n) {
    return mlm_at(session, mlm_offsets_of(session)[session->slot + n]);
}

static inline mlm_rows mlm_output_rows(mlm_session *session, uint32_t op) {
    const uint32_t width = mlm_op_at(&session->model, op)->dims[MLM_DIM_OUTPUT];
    return (mlm_rows){mlm_at(session, mlm_offsets_of(session)[op]), mlm_row_stride(width)};
}

static inline mlm_source mlm_value_rows(mlm_session *session, uint32_t value) {
    if (value == 0) return (mlm_source){session->input, mlm_header(&session->model)->input_width};
    const mlm_rows rows = mlm_output_rows(session, value - 1);
    return (mlm_source){rows.data, rows.stride};
}

static inline mlm_source mlm_source_of(mlm_rows rows) {
    return (mlm_source){rows.data, rows.stride};
}

static inline mlm_step mlm_step_of(const mlm_session *session, mlm_rows rows, uint32_t width) {
    return (mlm_step){session->operator_index, session->rows, 0, width, rows.stride, rows.data};
}

/* ---- the walk ------------------------------------------------------------------------------ */

/* Begins with `count` inputs, or with the head: everything from the pool on. */
void mlm_begin_inputs(mlm_session *session, const void *inputs, uint32_t count);
void mlm_begin_end(mlm_session *session);
/* Executes the next operator of the phase in hand, or all that are left. */
void mlm_step_once(mlm_session *session, mlm_step *step);
void mlm_run_phase(mlm_session *session);

/* The mamba op in hand: its next operator, or all of them. mlm_step_mamba returns whether there is
 * another one. */
int mlm_step_mamba(mlm_session *session, const mlm_blob_op *op, mlm_step *step);
void mlm_run_mamba(mlm_session *session, const mlm_blob_op *op);

#endif

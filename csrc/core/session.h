/*
 * session.h - a session as it lies at the start of its arena, and the walk over its ops that session.c
 * starts and execute.c does. Knows where the plan put each buffer.
 */
#ifndef MLM_SESSION_H
#define MLM_SESSION_H

#include "plan.h"

/* What the op in hand is run for. */
enum {
    PHASE_IDLE = 0,
    PHASE_PUSH = 1,  /* stage 0, inputs */
    PHASE_FLUSH = 2, /* stage 0, behind the last input: rows of ops that look ahead */
    PHASE_GIVE = 3,  /* before a later stage: the pools of the stage before give their vectors */
    PHASE_LATER = 4  /* a later stage, tick by tick */
};

/* Rows of one clock: those made before and behind the tick in hand as if the sequence went on for ever, and
 * in all, MLM_UNKNOWN until its end. */
typedef struct mlm_time {
    uint32_t from, to, total;
    uint32_t op; /* that defines the clock; of clock 0 something else */
} mlm_time;

/* Where rows of an output that is a sequence go. */
typedef struct mlm_receiver {
    union {
        float *rows;
        uint64_t rows_bytes;
    };
    uint32_t capacity, count;
} mlm_receiver;

/*
 * Lies at the start of the arena, followed by mlm_time[clocks], mlm_receiver[receivers] and uint32_t
 * offsets[]: the output of each op, then the other buffers of each op by their roles. An offset is a
 * multiple of 16; 1 is added to that of an output of which the whole sequence is kept. The same layout on
 * 32- and 64-bit targets.
 */
struct mlm_session {
    union {
        mlm_model model;
        uint64_t model_bytes;
    };
    union {
        const void *input; /* inputs being processed */
        uint64_t input_bytes;
    };
    uint32_t tile;
    uint32_t most_frames; /* in a sequence: by options, network, and what can be counted */
    uint32_t inputs;      /* frames, tokens or samples since the last reset, all of them */
    uint32_t in_hand;     /* of these, those being processed */
    union {
        mlm_time time; /* of clock 0 */
        struct {
            uint32_t from, to, total, states_bytes;
        };
    };
    uint32_t channel; /* of the op in hand: first channel of its next step, and */
    uint16_t op;      /* in hand */
    uint16_t slot;    /* index in offsets[] of its other buffers */
    uint16_t stage;
    uint8_t part; /* its operator that is next */
    uint8_t phase : 4, schedule : 4;
    uint8_t clocks, receivers;
    uint8_t flags;
    uint8_t reserved;
};

enum {
    FLAG_LOOKS_AHEAD = 1,
    FLAG_ENDED = 2, /* and it has been finished */
    FLAG_TESTING =
        4, /* rows of outputs are compared with the self-test's instead of being handed out */
    FLAG_DIFFERENT = 8, /* and differ */
    FLAG_STEPPED = 16   /* the op in hand has been stepped through */
};

_Static_assert(sizeof(struct mlm_session) == MLM_SESSION_BYTES, "MLM_SESSION_BYTES");
_Static_assert(sizeof(mlm_time) == MLM_CLOCK_BYTES, "MLM_CLOCK_BYTES");
_Static_assert(sizeof(mlm_receiver) == MLM_RECEIVER_BYTES, "MLM_RECEIVER_BYTES");

/* ---- places -------------------------------------------------------------------------------- */

static inline unsigned char *mlm_arena_of(const mlm_session *session) {
    return (unsigned char *)(uintptr_t)session;
}

static inline mlm_time *mlm_time_of(const mlm_session *session, uint32_t clock) {
    const size_t at = clock == 0 ? offsetof(mlm_session, time)
                                 : MLM_SESSION_BYTES + (clock - 1) * MLM_CLOCK_BYTES;
    return (mlm_time *)(void *)(mlm_arena_of(session) + at);
}

static inline mlm_receiver *mlm_receivers_of(const mlm_session *session) {
    return (mlm_receiver *)(void *)(mlm_arena_of(session) + MLM_SESSION_BYTES +
                                    session->clocks * MLM_CLOCK_BYTES);
}

static inline uint32_t *mlm_offsets_of(const mlm_session *session) {
    return (uint32_t *)(void *)(mlm_arena_of(session) + MLM_SESSION_BYTES +
                                session->clocks * MLM_CLOCK_BYTES +
                                session->receivers * MLM_RECEIVER_BYTES);
}

#define MLM_WHOLE_BIT 1u

/* The output of an op, from its first byte. */
static inline float *mlm_output_of(const mlm_session *session, uint32_t op) {
    return (float *)(void *)(mlm_arena_of(session) +
                             (mlm_offsets_of(session)[op] & ~MLM_WHOLE_BIT));
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Rows of a sequence. */
typedef struct mlm_span {
    uint32_t first, rows;
} mlm_span;

static inline mlm_span mlm_span_of(uint32_t from, uint32_t to, uint32_t total) {
    const uint32_t first = from < total ? from : total, end = to < total ? to : total;
    return (mlm_span){first, end - first};
}

/* Rows of a clock in this tick, and in the whole sequence. */
static inline mlm_span mlm_rows_of(const mlm_session *session, uint32_t clock) {
    const mlm_time *time = mlm_time_of(session, clock);
    return mlm_span_of(time->from, time->to, time->total);
}

static inline uint32_t mlm_total_of(const mlm_session *session, uint32_t clock) {
    return mlm_time_of(session, clock)->total;
}

static inline uint32_t mlm_stage_in_hand(const mlm_session *session) {
    return session->phase == PHASE_GIVE ? session->stage - 1u : session->stage;
}

static inline int mlm_is_in_stage(const mlm_session *session, uint32_t op, uint32_t stage) {
    return op < mlm_header(&session->model)->op_count &&
           mlm_op_at(&session->model, op)->stage == stage;
}

/* ---- the walk ------------------------------------------------------------------------------ */

/* Begins with `count` inputs, or with the end of the sequence. */
void mlm_begin_inputs(mlm_session *session, const void *inputs, uint32_t count);
void mlm_begin_end(mlm_session *session);
/* Executes the next operator of what has begun, or all that are left. */
int mlm_step_once(mlm_session *session, mlm_step *step);   /* 0: nothing was left */
int mlm_repeat_next(mlm_session *session, uint32_t times); /* the same */
void mlm_run_all(mlm_session *session);

/* The ops of a tick from the one in hand on; with `stepping` only up to the first one that has something to
 * do, which is left to the caller: returns whether there is one. */
int mlm_run_ops(mlm_session *session, mlm_run *run, int stepping);
/* Behind the last op of a tick, or of those that give: what comes next. */
void mlm_end_of_tick(mlm_session *session);

/* Puts all clocks to where `frames` frames bring them, with no end in sight. */
void mlm_set_clocks(mlm_session *session, uint32_t frames);
/* Clears the states of ops in a later stage, which lie in memory that others used. */
void mlm_clear_states(mlm_session *session, uint32_t stage);

/* Rows of outputs that this tick has made go to their receivers, or are compared. */
void mlm_hand_out(mlm_session *session);

/* The self-test's rows of an output; whether `count` floats are equal, or NaN both. */
const float *mlm_expected_output(const mlm_model *model, uint32_t output);
int mlm_equal_bits(const float *x, const float *y, uint32_t count);

#endif

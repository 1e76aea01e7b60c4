/*
 * mlm_inspect.h - to look into a model: its ops and tensors, the plan of its memory, exact counts of its
 * work, and its execution operator by operator. For profilers, tests and tools; firmware needs mlm.h only.
 * The rules are those of mlm.h.
 *
 * Words: an op is a record of the blob (linear, selective_scan, pool, ...) and makes one value; an
 * operator is the smallest piece of one that can be executed, timed and counted on its own (a
 * selective_scan is dt_proj and selective_scan). Value 0 is the model's input, value n the output of op
 * n - 1. A sequence has rows over time, a vector has one row.
 */
#ifndef MLM_INSPECT_H
#define MLM_INSPECT_H

#include "mlm.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MLM_NO_VALUE 0xFFFFu
/* Attributes and tensors of an op. */
#define MLM_ATTRIBUTES 8u
#define MLM_TENSOR_REFS 8u

/* ---- ops and tensors ------------------------------------------------------------------------- */

uint32_t mlm_op_count(const mlm_model *model);
uint32_t mlm_tensor_count(const mlm_model *model);

/* Name of an op as the network calls it: UTF-8, inside the blob; empty when there is no such op. */
const char *mlm_op_name(const mlm_model *model, uint32_t op);

typedef struct mlm_op_info {
    const char *kind;                /* "linear", "selective_scan", ...: the name of its class */
    uint32_t variant;                /* of the class, see its kernel file */
    uint32_t inputs[MLM_MAX_INPUTS]; /* values; MLM_NO_VALUE behind the last */
    uint32_t width;                  /* elements of a row of its output */
    uint32_t is_sequence;            /* its output: 1 rows over time, 0 one row */
    uint32_t stage;      /* 0: runs as frames come in; n: behind n barriers, at finish */
    uint32_t is_barrier; /* 1: its output is there only when all of its input is */
    uint32_t attributes[MLM_ATTRIBUTES]; /* of the class; floats as their bits */
    uint32_t parameters; /* weights of this op as trained, without padding; 0 for front ends */
    const char *type;    /* number type of its output: "f32", "i16", "i32" */
    int32_t exponent;    /* of integers: an element q is q 2^-exponent */
} mlm_op_info;

/* Errors: ARGUMENT (no such op). */
mlm_status mlm_op_get_info(const mlm_model *model, uint32_t op, mlm_op_info *info);

typedef struct mlm_tensor_info {
    const char *name;
    const char *dtype;      /* "f32", "i8", "i16", "i32", "u32" */
    const char *packing;    /* "vector", "panels", "groups", ...: see kernels/records.h */
    uint32_t rows, columns; /* a vector has columns == 1 */
    uint32_t bytes;         /* in the blob, padding included */
} mlm_tensor_info;

/* Errors: ARGUMENT (no such tensor). */
mlm_status mlm_tensor_get_info(const mlm_model *model, uint32_t tensor, mlm_tensor_info *info);

/* Classes of ops that this build has: kinds 0 .. mlm_op_class_count() - 1, "" where there is none. */
uint32_t mlm_op_class_count(void);
const char *mlm_op_class_name(uint32_t kind);

/* ---- plans --------------------------------------------------------------------------------- */

typedef struct mlm_operator_info {
    uint32_t op;           /* index of the op it belongs to */
    uint32_t part;         /* which of the op's operators */
    uint32_t output_width; /* elements a row that it produces */
    const char *name;      /* of the part: "" where the op is one operator, else "dt_proj", ... */
} mlm_operator_info;

uint32_t mlm_operator_count(const mlm_model *model, uint32_t schedule);
/* Errors: ARGUMENT (no such operator). */
mlm_status mlm_operator_get_info(const mlm_model *model, uint32_t schedule, uint32_t index,
                                 mlm_operator_info *info);

/* Exact totals of one operator over a whole sequence, as this core executes them. */
typedef struct mlm_counts {
    uint64_t macs;          /* multiplications, each with the addition that follows it if there is
                               one, of the unpadded sizes; element-wise functions not included */
    uint64_t exps;          /* exponentials and logarithms evaluated, of the unpadded sizes */
    uint64_t bytes_read;    /* weights once a tile, activations and state, from and to buffers;   */
    uint64_t bytes_written; /* values held in registers and on the stack are not counted          */
} mlm_counts;

/* Counts of operator `index` for a sequence of `frames` frames under `options`. Errors: ARGUMENT, FRAMES
 * (the network is not defined for so many). */
mlm_status mlm_operator_counts(const mlm_model *model, const mlm_options *options, uint32_t frames,
                               uint32_t index, mlm_counts *counts);

typedef enum mlm_buffer_kind {
    MLM_BUFFER_STATE = 0,   /* lives from first to last operator, shares its bytes with nothing */
    MLM_BUFFER_SCRATCH = 1, /* lives from first to last; bytes are reused by others before, after */
    MLM_BUFFER_IO = 2       /* outputs that are vectors, before they are copied to the caller */
} mlm_buffer_kind;

typedef struct mlm_buffer {
    const char *role;     /* "session", "output", or of the op's class: "scan_state", "dt", ... */
    uint32_t offset;      /* bytes from the start of the arena */
    uint32_t bytes;       /* as used, a multiple of MLM_ALIGNMENT */
    uint16_t first, last; /* operators during which it is alive, both inclusive */
    uint16_t op;          /* op it belongs to; 0 for the session's own */
    uint8_t kind;         /* mlm_buffer_kind */
    uint8_t whole;        /* 1: rows of the whole sequence, as a later stage reads them */
} mlm_buffer;

/* arena_bytes == state_bytes + scratch_bytes + io_bytes, exactly. */
typedef struct mlm_plan {
    uint32_t arena_bytes;   /* what a session needs besides the blob, all of it */
    uint32_t minimum_bytes; /* largest sum of bytes alive at one operator: no plan can do with
                                   less; arena_bytes - minimum_bytes is this planner's overhead */
    uint32_t state_bytes;   /* all state buffers, the session's bookkeeping included */
    uint32_t session_bytes; /* of these, the bookkeeping */
    uint32_t scratch_bytes; /* the region that the scratch buffers share */
    uint32_t io_bytes;      /* the vector outputs */
    uint32_t whole_bytes;   /* of all buffers, those that hold a whole sequence */
    uint32_t input_bytes;   /* the caller's memory for the input of one tile (not in arena) */
    uint32_t output_bytes;  /* the caller's memory for the vector outputs (not in arena) */
    uint32_t tile;          /* frames processed together: options.tile or options.max_frames */
    uint32_t buffer_count;
} mlm_plan;

/* Number of buffers a plan has: the length of the table that mlm_plan_make needs. 0 if the options
 * are not permitted. */
uint32_t mlm_plan_buffer_count(const mlm_model *model, const mlm_options *options);

/*
 * Gives every buffer its place in the arena. `table` receives plan->buffer_count entries.
 * Errors: ARGUMENT, CAPACITY (capacity < mlm_plan_buffer_count), TOO_LARGE (arena over 4 GiB).
 */
mlm_status mlm_plan_make(mlm_plan *plan, const mlm_model *model, const mlm_options *options,
                         mlm_buffer *table, uint32_t capacity);

/* ---- one operator at a time ------------------------------------------------------------------ */

/*
 * The same work as push and finish, one operator at a time, for profilers and traces. Feed up to
 * `plan.tile` frames, or `plan.tile` times hop_samples samples (they must stay in place) and step until
 * MLM_DONE; or feed the end and step until MLM_DONE, then read vectors with mlm_session_vectors.
 * Errors of feed: as mlm_session_push, ARGUMENT also for more than a tile; of feed_end: as
 * mlm_session_finish.
 */
mlm_status mlm_session_feed(mlm_session *session, const void *inputs, uint32_t count);
mlm_status mlm_session_feed_end(mlm_session *session);

/* What a step has just done. An operator that works on chunks of channels takes several steps; one of a
 * later stage takes as many as there are tiles. */
typedef struct mlm_step {
    uint32_t operator_index;
    uint32_t rows;          /* of output */
    uint32_t first_row;     /* of the sequence; 0 for a vector */
    uint32_t first_channel; /* first element of the operator's output that this step made */
    uint32_t width;         /* elements a row that this step made */
    uint32_t stride;        /* elements from one row to the next */
    uint32_t type;          /* 0: floats, 2: int16_t, 3: int32_t; an integer q is q 2^-exponent */
    int32_t exponent;
    const void *output; /* null where there is none yet or no single one: a pool while frames
                            come in, discretize */
} mlm_step;

/* Executes the next operator; `step` may be null. Returns MLM_OK, MLM_DONE (nothing was left to
 * do) or MLM_ERR_ARGUMENT. */
mlm_status mlm_session_step(mlm_session *session, mlm_step *step);

/*
 * Does the work of the step that comes next, `times` times, without going on: for timers, whose clock may tell less than
 * one step takes. It leaves other states and rows than a step does; who wants to go on puts back the arena as it was.
 * Returns as mlm_session_step does.
 */
mlm_status mlm_session_repeat(mlm_session *session, uint32_t times);

/* The outputs that are vectors, as mlm_session_finish writes them; valid behind finish or the steps of
 * feed_end. Errors: ARGUMENT, BUSY. */
mlm_status mlm_session_vectors(const mlm_session *session, float *vectors);

/* ---- the machine ---------------------------------------------------------------------------- */

/* What would give other bits than everywhere else, found out by sums whose results are known; 0: nothing. */
enum {
    MLM_FLUSHES_SUBNORMALS = 1, /* the FPU's mode: FZ or DAZ */
    MLM_FUSES = 2,              /* the compiler's flags: -ffp-contract=off is missing */
    MLM_ROUNDS_OTHERWISE = 4    /* the FPU's mode: not to the nearest, or to even */
};
uint32_t mlm_configuration(void);

#ifdef __cplusplus
}
#endif
#endif

/*
 * op.h - what an op is to the core: one constant row, its class, at the end of its kernel file. This header
 * has the row's form and what its functions are given: the op's record and tensors as they lie in the
 * blob, rows of its inputs and output, and its buffers. Knows nothing of models, sessions or plans.
 */
#ifndef MLM_OP_H
#define MLM_OP_H

#include "../math/vec4.h"
#include "op_types.h"
#include "records.h"

/* Elements of a row with its padding, which kernels write too (from zeros). */
static inline uint32_t mlm_padded(uint32_t width) { return (width + 7u) & ~7u; }

/* Rows of floats: `stride` elements from one to the next. Rows of integers (integer.h) are passed as such,
 * `stride` being in words of 4 bytes. */
typedef struct mlm_rows {
    float *data;
    uint32_t stride;
} mlm_rows;

/* Rows that are only read: padded to a multiple of 8 elements and 16-byte aligned, but for the caller's own
 * frames, which are neither. A vector read by an op on sequences has stride 0. */
typedef struct mlm_source {
    const float *data;
    uint32_t stride;
} mlm_source;

static inline mlm_source mlm_source_of(mlm_rows rows) {
    return (mlm_source){rows.data, rows.stride};
}

/* A tensor as it lies in the blob; `dtype` says of what, `packing` how. */
typedef struct mlm_matrix {
    const void *data;
#if MLM_I8_MATRICES
    const float *scales; /* of i8 panels: one a row */
#endif
    uint32_t rows, columns;
    uint8_t dtype, packing;
} mlm_matrix;

/* Whether the elements are i8; never in a build that has no such matrices (op_types.h). */
static inline int mlm_is_i8(const mlm_matrix *matrix) {
    return MLM_I8_MATRICES && matrix->dtype == MLM_DTYPE_I8 && matrix->packing == MLM_PACK_PANELS;
}

/* ---- time ------------------------------------------------------------------------------------ */

#define MLM_NO_INSERT 0xFFFFFFFFu
#define MLM_INSERT_END 0xFFFFFFFEu
/* Rows of a sequence whose end has not come yet. */
#define MLM_UNKNOWN 0xFFFFFFFFu

/*
 * How many rows an op makes of m rows: with n = 0 while m + before < window, else
 * (m + before - window) / hop + 1, it is n repeat, and one more from when row `insert` is due. At the end
 * of the sequence `after` rows come behind the last one. `fixed` rows, if it is not 0, whatever m is.
 */
typedef struct mlm_clock {
    uint32_t window, hop;   /* >= 1 */
    uint32_t before, after; /* less than window */
    uint32_t repeat;        /* >= 1 */
    uint32_t insert;        /* MLM_NO_INSERT: none; MLM_INSERT_END: behind the last */
    uint32_t fixed;
} mlm_clock;

/* ---- an op that does not run ------------------------------------------------------------------- */

/* An op with what it reads, as check, clock, needs and count see it. */
typedef struct mlm_op_view {
    const mlm_blob_op *op;
    const unsigned char *blob;
    const mlm_blob_tensor *tensors;
    uint32_t tensor_count;
    uint32_t inputs;                   /* how many */
    uint32_t widths[MLM_MAX_INPUTS];   /* of the inputs */
    uint8_t is_vector[MLM_MAX_INPUTS]; /* of the inputs */
    uint8_t types[MLM_MAX_INPUTS];     /* number types of the inputs */
    uint32_t least_rows,
        most_rows; /* of input 0, by the model's min_frames and max_frames; most_rows
                                                0: no limit */
} mlm_op_view;

/* Whether tensor reference `t` is a float tensor of this packing and shape; or absent. */
int mlm_has_tensor(const mlm_op_view *view, uint32_t t, uint32_t packing, uint32_t rows,
                   uint32_t columns);
/* Whether it is panels that mlm_linear takes: f32, or i8 where the build has them. */
int mlm_has_matrix(const mlm_op_view *view, uint32_t t, uint32_t rows, uint32_t columns);
int mlm_has_vector(const mlm_op_view *view, uint32_t t, uint32_t rows);
int mlm_has_words(const mlm_op_view *view, uint32_t t, uint32_t rows); /* u32 */
int mlm_has_optional_vector(const mlm_op_view *view, uint32_t t, uint32_t rows);
int mlm_has_typed(const mlm_op_view *view, uint32_t t, uint32_t dtype, uint32_t packing,
                  uint32_t rows, uint32_t columns);
static inline int mlm_is_absent(const mlm_op_view *view, uint32_t t) {
    return view->op->tensors[t] == MLM_NO_TENSOR;
}
/* Bytes of a tensor in the blob, 0 when absent. */
uint64_t mlm_tensor_bytes(const mlm_op_view *view, uint32_t t);
static inline const void *mlm_view_data(const mlm_op_view *view, uint32_t t) {
    return view->blob + view->tensors[view->op->tensors[t]].offset;
}
static inline float mlm_float_attribute(const mlm_blob_op *op, uint32_t i) {
    return f32_from_bits(op->attributes[i]);
}
/* Whether attribute `i` is a float that is normal and above 0: what an eps must be. */
int mlm_is_epsilon(const mlm_blob_op *op, uint32_t i);

/* How an op is run: what its buffers depend on. */
typedef struct mlm_shape {
    uint32_t schedule; /* mlm_schedule */
    uint32_t in_rows;  /* most rows of input 0 in one step */
    uint32_t rows;     /* most rows of the output in one step */
    uint32_t held;     /* align: most rows that input 0 is ahead of input 1 */
} mlm_shape;

/* A buffer that an op asks for; 0 floats: not needed under this shape, its slot stays. */
typedef struct mlm_need {
    uint64_t floats;
    uint8_t is_state; /* 1: zero at the start of a sequence, kept from step to step */
    uint8_t is_read;  /* 1: a state that is read at any time, also when its stage is not at work */
    uint8_t first, last; /* scratch: the operators (parts) of the op during which it is alive */
} mlm_need;

/* What an operator does. Weights, and states that are kept in registers within a tile, move once a pass. */
typedef struct mlm_work {
    mlm_counts row;  /* in each row of the output; of the input for a pool */
    mlm_counts pass; /* in each step (tile) that rows come in */
    mlm_counts once; /* in a sequence */
    uint64_t rows; /* that are gone over in the sequence, for what grows otherwise than with them */
    uint32_t schedule;
    uint32_t part;
} mlm_work;

/* ---- an op that runs ----------------------------------------------------------------------------- */

enum { MLM_TAKE = 0, MLM_GIVE = 1 };

typedef struct mlm_run {
    const mlm_blob_op *op;
    const unsigned char *blob;
    const mlm_blob_tensor *tensors;
    unsigned char *arena;
    const uint32_t *buffers; /* offsets of the op's buffers in the arena, by role */
    mlm_source inputs
        [MLM_MAX_INPUTS]; /* the rows of this step; of an op with MLM_OP_WHOLE all rows of input 0 */
    uint32_t input_width;            /* elements in a row of input 0 */
    uint32_t widths[MLM_MAX_INPUTS]; /* elements in a row of each input; the first is input_width */
    mlm_rows output;
    uint32_t rows,
        first; /* of the output: how many, index of the first one in the sequence. For a pool
                                   that takes, those of its input; for one that gives, 1 and 0. */
    uint32_t in_rows,
        in_first;      /* of input 0, where the op changes the clock; else rows and first */
    uint32_t in_total; /* rows of input 0 in the whole sequence; MLM_UNKNOWN before its end */
    uint8_t schedule;  /* mlm_schedule */
    uint8_t phase;     /* pools: MLM_TAKE rows as they come, MLM_GIVE the row at the end */
    uint8_t stepping;  /* 1: one operator at a time */
    uint8_t part;      /* the operator that is next, and */
    uint32_t channel;  /* its first channel; both move on */
    /* What was made, for mlm_step; preset to the whole output. */
    mlm_source made;
    uint32_t made_width, made_channel;
    uint8_t made_type;
    int32_t made_exponent;
} mlm_run;

static inline const void *mlm_data(const mlm_run *run, uint32_t t) {
    const uint16_t tensor = run->op->tensors[t];
    return tensor == MLM_NO_TENSOR ? 0 : run->blob + run->tensors[tensor].offset;
}
static inline const float *mlm_weights(const mlm_run *run, uint32_t t) { return mlm_data(run, t); }
/* Of a tensor that is there. */
static inline mlm_matrix mlm_matrix_of(const mlm_run *run, uint32_t t) {
    const mlm_blob_tensor *tensor = run->tensors + run->op->tensors[t];
    mlm_matrix matrix = {.data = run->blob + tensor->offset,
                         .rows = tensor->rows,
                         .columns = tensor->columns,
                         .dtype = (uint8_t)tensor->dtype,
                         .packing = (uint8_t)tensor->packing};
#if MLM_I8_MATRICES
    if (mlm_is_i8(&matrix)) {
        matrix.scales = matrix.data;
        matrix.data = matrix.scales + mlm_padded(matrix.rows);
    }
#endif
    return matrix;
}
static inline float *mlm_buffer_at(const mlm_run *run, uint32_t role) {
    return (float *)(void *)(run->arena + run->buffers[role]);
}

/* ---- the class ------------------------------------------------------------------------------------- */

enum {                      /* flags of a class */
       MLM_OP_IN_PLACE = 1, /* may write its output over an input of the same width and clock */
       MLM_OP_POOL = 2, /* a barrier that streams: takes rows, gives a vector behind the last one */
       MLM_OP_WHOLE =
           4, /* a barrier that does not: reads rows of input 0 anywhere in the sequence */
       MLM_OP_SEQUENCE = 8,    /* input 0 is a sequence, not a vector */
       MLM_OP_BROADCAST = 16,  /* vectors may be read beside sequences */
       MLM_OP_FRONT = 32,      /* the first op; reads tokens or samples */
       MLM_OP_PACED = 64,      /* the output has the clock of input 1 */
       MLM_OP_CONSTANTS = 128, /* its tensors are not trained: no parameters */
       MLM_OP_SAMPLES = 256,   /* of FRONT: reads samples; else tokens */
       MLM_OP_SAMPLES16 = 512, /* of FRONT: reads samples of 16 bits */
       MLM_OP_MOVES = 1024,    /* only moves elements of 4 bytes: i32 as well as f32 */
       MLM_OP_SATURATES =
           2048 /* the first word of its first buffer counts values that were cut off */
};

/* A set of number types. */
#define MLM_TYPE_BIT(dtype) (1u << (dtype))
#define MLM_TYPES_INTEGER (MLM_TYPE_BIT(MLM_DTYPE_I16) | MLM_TYPE_BIT(MLM_DTYPE_I32))

int32_t mlm_most_ahead(const mlm_model *model, uint32_t clock, uint32_t other);

/* What most classes leave out comes last: a row of zeros is not stored. */
typedef struct mlm_op_class {
    const char *name;
    uint8_t least_inputs, most_inputs;
    uint16_t flags;
    uint8_t variants;            /* variants 0 .. variants - 1 are valid */
    uint8_t types, input_types;  /* that the output and the inputs may have; 0: f32 */
    uint8_t attributes, tensors; /* leading ones that are used; the others are 0, MLM_NO_TENSOR */
    uint8_t parts;               /* operators, at least 1 */
    uint8_t roles;               /* buffers */
    /* Whether sizes, attributes and tensors agree with each other and with the inputs. */
    int (*check)(const mlm_op_view *view);
    /* Does the work: all of it, or with `stepping` the operator `part` from `channel` on, and moves these two
     * on. Returns whether there is more to step through. */
    int (*run)(mlm_run *run);
    /* Null: no buffers. needs: [roles], zeroed. */
    void (*needs)(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs);
    const char *const *role_names;
    const char *const *part_names; /* null where there is one part */
    /* Null: rows come as those of input 0. Returns 0 when they do under these attributes. */
    int (*clock)(const mlm_op_view *view, mlm_clock *clock);
    /* Whether part `part` exists under a schedule; null: all do. */
    int (*has_part)(const mlm_blob_op *op, uint32_t schedule, uint32_t part);
    /* PACED only: most rows that the clock of input 0 is ahead of that of input 1; -1 when it may be behind. */
    int32_t (*most_ahead)(const mlm_model *model, uint32_t clock, uint32_t pace);
} mlm_op_class;

/* Beside its row a class has a function that says what its work is, NAME_counts where the row is NAME; apart from it,
 * so that only programs that count have it. It finds what most ops do: a row of each input read, one of the output
 * written, and in each pass all of its tensors read; and changes that. */
typedef void (*mlm_op_counter)(const mlm_op_view *view, mlm_work *work);

/* ---- counting -------------------------------------------------------------------------------------- */

/* Bytes of elements of inputs and outputs. */
static inline uint64_t mlm_bytes_of(uint32_t dtype, uint64_t elements) {
    return elements << (dtype == MLM_DTYPE_I16 ? 1 : 2);
}

static inline void mlm_count_state(mlm_work *work, uint64_t floats) {
    work->pass.bytes_read += floats * sizeof(float);
    work->pass.bytes_written += floats * sizeof(float);
}
/* Of an op that only moves rows, wherever they come from. */
static inline void mlm_count_moves(mlm_work *work) {
    work->row.bytes_read = work->row.bytes_written;
}

#endif

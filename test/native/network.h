/*
 * network.h - networks as tests write them down: ops over values, in the order in which they are added. Adds
 * what a blob must say besides (stage, clock, slices and aligns) by the rules of the format, on its own and
 * by plain counting, so that the core's arithmetic is examined by it. Knows nothing of bytes.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "choices.h"
#include "kernels/op.h"

/* Kinds of ops: the numbers of the format. */
enum {
    LINEAR = 1,
    EMBEDDING,
    LOGMEL,
    AFFINE,
    ACTIVATION,
    ARITHMETIC,
    NORM,
    SOFTMAX,
    CONCAT,
    SLICE,
    CAUSAL_CONV,
    CONV1D,
    WINDOW_POOL,
    UNFOLD,
    UPSAMPLE,
    INSERT_ROW,
    POSITIONS,
    ALIGN,
    REVERSE,
    TRANSPOSE,
    SEQUENCE_NORM,
    POOL,
    ATTENTION_POOL,
    FLATTEN,
    FLATTEN_LINEAR,
    SELECTIVE_SCAN,
    SSM_NORM,
    GATE,
    KINDS,
    QUANTIZE = KINDS,
    DEQUANTIZE,
    INTEGER_KINDS = 32,                  /* and more: forms of these for integers */
    LATER_KINDS = INTEGER_KINDS + KINDS, /* and more: of floats again */
    GRU = LATER_KINDS,
    LSTM,
    ATTENTION,
    SSD_SCAN = 71,
    GROUPED_NORM,
    CONV2D,
    POOL2D,
    SPLIT_ROWS,
    LATER_END,                           /* of floats */
    CONV2D_INT = INTEGER_KINDS + CONV2D, /* forms of these for integers */
    POOL2D_INT,
    EVERY_KIND
};

enum { MOST_CLOCKS = 64, MOST_OUTPUTS = 32, NO_WIDTH = 0 };

typedef struct net_op {
    uint32_t kind, variant, width;
    uint32_t inputs[MLM_MAX_INPUTS]; /* values; MLM_NO_VALUE behind the last */
    uint32_t attributes[MLM_ATTRIBUTES];
    uint32_t absent;                   /* bit t: optional tensor t is left out */
    uint32_t tensors[MLM_TENSOR_REFS]; /* of the network; MLM_NO_TENSOR */
    uint32_t stage, clock;             /* where its output is; MLM_NO_CLOCK: a vector */
    uint32_t type;                     /* number type of its output */
    int32_t exponent;                  /* of integers */
} net_op;

/* Content by kind of tensor; see op_rows.c. */
typedef enum fill {
    FILL_WEIGHT,
    FILL_SMALL,
    FILL_SCALE,
    FILL_POSITIVE,
    FILL_DT_BIAS,
    FILL_A,
    FILL_TWIDDLES,
    FILL_BINS,
    FILL_PADDED_GROUPS,
    /* of integers */
    FILL_I8,
    FILL_I16,
    FILL_TAPS, /* of which a few times 2^15 stay in 31 bits, with a bias */
    FILL_ABOVE_0,
    FILL_NOT_BELOW_0,
    FILL_BIAS,
    FILL_SMALL_BIAS,
    FILL_TURNS
} fill;

typedef struct net_tensor {
    uint32_t packing, dtype, rows, columns;
    fill content;
    float *w;      /* [rows][columns], before it is packed; of u32 their bits, of others integers */
    float *scales; /* [rows] of i8 panels; else null */
} net_tensor;

typedef struct net_clock {
    uint32_t from;
    mlm_clock change;
} net_clock;

typedef struct network {
    uint32_t input_kind, input_width;
    uint32_t min_frames, max_frames;
    uint32_t op_count;
    net_op ops[MLM_MAX_OPS];
    uint32_t tensor_count;
    net_tensor tensors[MLM_MAX_OPS * 4];
    uint32_t clock_count; /* besides clock 0; clocks[0] is unused */
    net_clock clocks[MOST_CLOCKS];
    uint32_t output_count, outputs[MOST_OUTPUTS]; /* values */
    uint32_t has_labels, self_test_inputs;
    float dt_offset; /* added to every bias of dt: pre-activations about this large */
    uint64_t seed;   /* of the weights */
    rng weights;
    uint32_t sliced_input; /* the copy of value 0 for later stages; 0: none yet */
} network;

/* An op with its surroundings, as the functions of its row see it. */
typedef struct net_view {
    const network *net;
    const net_op *op;
    uint32_t inputs, widths[MLM_MAX_INPUTS], types[MLM_MAX_INPUTS];
} net_view;

typedef struct tensor_form {
    uint32_t packing, rows, columns; /* rows 0: there is none */
    fill content;
    int optional;
    uint32_t dtype;
} tensor_form;

enum {
    ROW_POOL = 1,
    ROW_WHOLE = 2,
    ROW_FRONT = 4,
    ROW_PACED = 8,
    ROW_SEQUENCE = 16,
    ROW_BROADCAST = 32,
    ROW_MOVES = 64 /* rows of 4 bytes an element: of integers, too */
};

/* What the format says about a kind of op: the one place where tests know it. */
typedef struct op_row {
    const char *name;
    uint32_t least_inputs, most_inputs, variants, attributes, flags;
    void (*tensors)(const net_view *view, tensor_form *forms); /* null: none */
    uint32_t (*width)(const net_view *view); /* null: as input 0; NO_WIDTH: what was asked for */
    int (*clock)(const net_view *view,
                 mlm_clock *clock); /* null, or 0: rows come as those of input 0 */
    /* Attributes, and the width asked for, at random; `rows` of input 0 in the shortest sequence. Returns 0 where
     * the op cannot be. Null: nothing to choose. */
    int (*choose)(choices *from, const net_view *view, net_op *op, uint32_t rows);
    uint32_t input_types; /* bits of those that inputs may have; 0: floats */
} op_row;

extern const op_row op_rows[EVERY_KIND];

/* Kinds that compute with floats alone, but for those that convert: the first one is number 0. */
int net_is_float_kind(uint32_t kind);
uint32_t net_float_kinds(void); /* how many */
uint32_t net_float_kind(uint32_t number);

/* ---- building ---------------------------------------------------------------------------------- */

network *network_new(uint32_t input_kind, uint32_t input_width, uint64_t seed);
void network_free(network *net);

/* An op with its kind, variant and inputs; the rest is 0. */
net_op op_of(uint32_t kind, uint32_t variant, uint32_t input);
net_op op_of_two(uint32_t kind, uint32_t variant, uint32_t x, uint32_t y);

/*
 * Adds an op and returns its value: finds width, stage and clock, makes random tensors, and before it the
 * slices and aligns that it needs. op->width matters where the row leaves it free. Exits the process when
 * branches cannot be aligned.
 */
uint32_t network_add(network *net, net_op op);
uint32_t network_add_linear(network *net, uint32_t value, uint32_t width, int has_bias);
/* A Mamba block with its projections, of primitives. `optional`: bits of enum block_options. */
enum {
    BLOCK_IN_BIAS = 1,
    BLOCK_CONV_BIAS = 2,
    BLOCK_DT_BIAS = 4,
    BLOCK_OUT_BIAS = 8,
    BLOCK_NO_OUT = 16,
    BLOCK_SSM_NORM = 32,
    BLOCK_CENTRED = 64 /* its convolution looks half of its taps ahead */
};
typedef struct block_sizes {
    uint32_t inner, states, taps, rank, output, optional;
} block_sizes;
uint32_t network_add_block(network *net, uint32_t value, const block_sizes *sizes);
void network_add_output(network *net, uint32_t value);

/* The matrices of about half of the ops in i8, chosen by `seed`, but for those that an embedding shares. */
void network_use_i8(network *net, uint32_t seed);

/* Ops in the order of their stages, vectors before sequences; clocks numbered in that order. */
void network_sort(network *net);

/* ---- facts, by counting -------------------------------------------------------------------------- */

uint32_t net_width(const network *net, uint32_t value);
uint32_t net_type(const network *net, uint32_t value); /* of floats where it is the input */
int net_takes_samples(const network *net);
uint32_t net_input_bytes(const network *net);              /* of one frame, token or sample */
uint32_t net_clock_of(const network *net, uint32_t value); /* MLM_NO_CLOCK: a vector */
uint32_t net_available(const network *net, uint32_t value);
void net_view_of(net_view *view, const network *net, const net_op *op);
/* Rows of a clock when `frames` frames have come; and of a whole sequence of so many. */
uint32_t net_rows_after(const network *net, uint32_t clock, uint32_t frames);
uint32_t net_total_rows(const network *net, uint32_t clock, uint32_t frames);
/* Whether the first clock never has fewer rows than the second one. */
int net_is_ahead(const network *net, uint32_t clock, uint32_t other);
int net_looks_ahead(const network *net);
/* Whether some sequence is kept for a later stage. */
int net_keeps_sequences(const network *net);
/* Frames that the network makes of `inputs` frames, tokens or samples; the fewest inputs for `frames`. */
uint32_t net_frames_of(const network *net, uint32_t inputs);
uint32_t net_inputs_of(const network *net, uint32_t frames);
/* Most inputs that can make one frame. */
uint32_t net_inputs_per_frame(const network *net);
/* Whether the inputs of an op that is to be added can be aligned. */
int net_can_meet(const network *net, const net_op *op);
/* Whether branches that meet have the same length for `frames` frames. */
int net_lengths_meet(const network *net, uint32_t frames);

/* One line that says what the network is, for messages of failed tests. */
void network_describe(const network *net, char *text, size_t size);

/* ---- examples ------------------------------------------------------------------------------------ */

/* The paper's classifier: linear, a Mamba block, mean pool, linear. */
network *network_paper(uint32_t input_width, uint32_t d_model, uint32_t classes);
/* Windows of 12 samples, 5 apart, of a transform of 16, and the paper's network behind them. */
network *network_audio(void);
/* Of 11 tokens; its head shares the embedding's table. */
network *network_tokens(void);

/* Branches that have the same length for an even number of frames only; at least 2. Outputs: a vector of
 * 5, a sequence of 5. */
network *network_of_lengths(void);
/* A block whose convolution looks ahead, and a skip around it. Outputs: a vector of 5, a sequence of 5. */
network *network_centred(void);
/* Forwards, then backwards, then a skip. Outputs: a sequence of 4 that is made at the end, a vector of 4. */
network *network_backwards(void);

typedef struct net_limits {
    uint32_t most_ops, most_width;
    int integers; /* among floats; its outputs are floats all the same */
} net_limits;

/* Any mix of kinds, odd sizes, several heads and outputs. */
network *network_random(choices *from, const net_limits *limits);

/* Input for it, from malloc: float, int32 or int16 [inputs][input_width]. */
void *network_random_input(const network *net, rng *random, uint32_t inputs);

#endif

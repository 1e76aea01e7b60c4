/*
 * mlm.h - MambaLite-Micro: Mamba (selective state-space) networks in portable C11, fp32.
 *
 * This header is the whole public API. The rules, before the first function:
 *
 *  - The caller owns every byte. Nothing is allocated, nothing is global; any number of models and
 *    sessions live side by side and may run in different threads.
 *  - The blob (an .mlm file) is used in place, from flash or RAM. It must be 16-byte aligned, must
 *    not change, and must outlive every model and session made from it.
 *  - An mlm_model is a small value: copy it freely. A session lives inside its arena: the
 *    mlm_session pointer points into it, so the arena must be 16-byte aligned, must not move, and
 *    there is nothing to free.
 *  - Every function that can fail returns an mlm_status and changes nothing when it fails.
 *  - The same bits everywhere: IEEE-754 binary32, round to nearest even, subnormals kept, no fused
 *    multiply-add, no libm. Every output is one plain left-to-right sum that starts from the bias;
 *    only the mean over frames, whose length has no bound, is a compensated (Kahan) sum.
 *    run(), push() in any portions, every tile and every schedule give identical logits. Build with
 *    -ffp-contract=off and without -ffast-math; mlm_session_self_test() tells if that went wrong.
 *    NaN payload bits are not part of this contract; NaN-ness is.
 *  - Sizes are in bytes where the name says bytes, else in elements. Little-endian targets only.
 *
 *  - A session sees one sequence: all that was pushed since its last reset. Reset it between windows,
 *    recordings, utterances. One that is never reset answers to the newest frames less and less, as
 *    the mean is over all of them, and after 2^32 - 1 inputs (74 hours of samples at 16 kHz) every
 *    further push fails with MLM_ERR_FRAMES, until mlm_session_reset. So check every status.
 *
 * Typical firmware:
 *
 *     static _Alignas(16) unsigned char arena[ARENA_BYTES];     // ARENA_BYTES from `mambalite profile`
 *     mlm_model model;
 *     mlm_session *session;
 *     const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0};
 *     mlm_status status = mlm_model_open(&model, blob, sizeof blob, 0);
 *     if (status == MLM_OK)
 *         status = mlm_session_init(&session, &model, &options, arena, sizeof arena);
 *     while (status == MLM_OK) { // one window after the other
 *         mlm_session_reset(session);
 *         for (int i = 0; i < WINDOW_FRAMES && status == MLM_OK; i++) {
 *             wait_for_frame(frame);
 *             status = mlm_session_push(session, frame, 1);
 *         }
 *         if (status == MLM_OK) status = mlm_session_finish(session, logits);
 *         if (status == MLM_OK) act_on(logits);
 *     }
 *     stop_and_say(mlm_status_string(status));
 */
#ifndef MLM_H
#define MLM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MLM_VERSION_STRING "0.1.0"
/* Version of the blob format this core reads; a blob of another version is refused. */
#define MLM_FORMAT_VERSION 1u
/* Alignment in bytes of blobs, arenas and every buffer in an arena. */
#define MLM_ALIGNMENT 16u
/* Most ops in a model: 512 is over two and a half times Mamba-2.8B's 64 layers. */
#define MLM_MAX_OPS 512u

typedef enum mlm_status {
    MLM_OK = 0,
    MLM_DONE,                /* mlm_session_step: nothing left to do with these frames */
    MLM_ERR_ARGUMENT,        /* a null pointer or an option that is not permitted */
    MLM_ERR_ALIGNMENT,       /* blob or arena not MLM_ALIGNMENT-aligned */
    MLM_ERR_TRUNCATED,       /* blob shorter (or longer) than its header says */
    MLM_ERR_MAGIC,           /* not an .mlm blob */
    MLM_ERR_VERSION,         /* blob of another format version */
    MLM_ERR_CRC,             /* blob bytes changed since it was written */
    MLM_ERR_FORMAT,          /* header, names, labels or self-test vector inconsistent */
    MLM_ERR_TENSOR,          /* a tensor's shape, packing, place or size is wrong */
    MLM_ERR_NONFINITE,       /* a tensor holds NaN or infinity */
    MLM_ERR_OP,              /* an op's kind, sizes, inputs or tensors are wrong */
    MLM_ERR_TOO_LARGE,       /* a size exceeds 4 GiB */
    MLM_ERR_CAPACITY,        /* the table given to mlm_plan_make is too short */
    MLM_ERR_ARENA_TOO_SMALL, /* arena smaller than the plan's arena_bytes */
    MLM_ERR_FRAMES,          /* no frame yet, or more than max_frames or 2^32 - 1 inputs */
    MLM_ERR_TOKEN,           /* a token is negative or not in the vocabulary */
    MLM_ERR_BUSY,            /* frames fed to mlm_session_feed are not stepped through yet */
    MLM_ERR_STATE,           /* saved state is damaged or of another model */
    MLM_ERR_SELF_TEST,       /* logits of the self-test vector differ from the recorded bits */
    MLM_STATUS_COUNT
} mlm_status;

/* The name of a status, e.g. "MLM_ERR_CRC"; never null. */
const char *mlm_status_string(mlm_status status);

/* ---- models ------------------------------------------------------------------------------- */

typedef struct mlm_model {
    const unsigned char *blob;
} mlm_model;

/* Where mlm_model_open found a fault. */
typedef struct mlm_fault {
    uint32_t index;  /* op or tensor for MLM_ERR_OP, _TENSOR, _NONFINITE; else 0 */
    uint32_t needed; /* what the check wanted (bytes, elements, a value) */
    uint32_t have;   /* what it found; for _NONFINITE the element's index in the packed data */
} mlm_fault;

/*
 * Validates `bytes` bytes at `blob` completely and makes *model a view of it. Trusts nothing: every
 * offset, size, product and reference is checked before first use, then the CRC-32 and that every
 * weight is finite. `fault` may be null; it is written on failure only.
 * Errors: ARGUMENT, ALIGNMENT, TRUNCATED, MAGIC, VERSION, CRC, FORMAT, TENSOR, NONFINITE, OP,
 * TOO_LARGE.
 */
mlm_status mlm_model_open(mlm_model *model, const void *blob, size_t bytes, mlm_fault *fault);

typedef enum mlm_input_kind {
    MLM_INPUT_FRAMES = 0, /* float [frames][input_width] */
    MLM_INPUT_TOKENS = 1, /* int32_t [frames] */
    MLM_INPUT_SAMPLES = 2 /* float [samples], audio in [-1, 1): the front end in the model makes a
                             frame of every window of samples. What push, run and feed count are
                             samples then; max_frames and everything else that counts frames means
                             the front end's frames. */
} mlm_input_kind;

typedef struct mlm_model_info {
    uint32_t input_kind;  /* mlm_input_kind */
    uint32_t input_width; /* elements in one input frame; 1 for tokens and samples */
    uint32_t logits;      /* elements of the output */
    uint32_t ops;
    uint32_t tensors;
    uint32_t labels; /* 0 or equal to logits */
    uint32_t blob_bytes;
    uint32_t weights_bytes;    /* bytes of tensor data in the blob, padding included */
    uint32_t crc32;            /* of the blob, as stored in it */
    uint32_t self_test_frames; /* frames, tokens or samples of the self-test vector; 0: none */
    uint32_t vocabulary;       /* tokens 0 .. vocabulary-1; 0 when input_kind is not TOKENS */
    uint32_t sample_rate_hz;   /* 0 when input_kind is not SAMPLES, as the next two */
    uint32_t window_samples;   /* in a frame; frame t begins at sample t * hop_samples */
    uint32_t hop_samples;
} mlm_model_info;

void mlm_model_get_info(const mlm_model *model, mlm_model_info *info);

/* Name of an op or a label, or the blob's metadata (a JSON text): UTF-8, NUL-terminated, inside the
 * blob. Empty when the index is out of range or there is none. */
const char *mlm_op_name(const mlm_model *model, uint32_t op);
const char *mlm_label(const mlm_model *model, uint32_t index);
const char *mlm_metadata(const mlm_model *model);

typedef enum mlm_op_kind {
    MLM_OP_LINEAR = 1,
    MLM_OP_MAMBA = 2,
    MLM_OP_NORM = 3,
    MLM_OP_ADD = 4,
    MLM_OP_POOL = 5,
    MLM_OP_EMBEDDING = 6,
    MLM_OP_ACTIVATION = 7,
    MLM_OP_LOGMEL = 8, /* samples to log-mel frames; always the first op */
    MLM_OP_AFFINE = 9  /* x * scale + shift, channel by channel */
} mlm_op_kind;

typedef struct mlm_op_info {
    uint32_t kind;      /* mlm_op_kind */
    uint32_t variant;   /* norm: 0 RMS, 1 layer. pool: 0 mean, 1 last, 2 max.
                               activation: 0 SiLU, 1 ReLU, 2 GELU (erf). Else 0. */
    uint32_t inputs[2]; /* values read: 0 is the model's input, n the output of op n-1;
                               inputs[1] is used by add only, else 0 */
    uint32_t input_width;
    uint32_t output_width;
    uint32_t d_inner, d_state, d_conv, dt_rank; /* mamba only, else 0 */
    uint32_t has_out_proj;                      /* mamba: 0 when the gated y itself is the output */
    uint32_t parameters; /* weights of this op as trained, without padding; 0 for front ends,
                                whose constants are not trained (logmel, affine) */
} mlm_op_info;

/* Errors: ARGUMENT (no such op). */
mlm_status mlm_op_get_info(const mlm_model *model, uint32_t op, mlm_op_info *info);

typedef struct mlm_tensor_info {
    const char *name;
    uint32_t rows, columns; /* a vector has columns == 1 */
    uint32_t packing;       /* 0 vector, 1 panels of 8 rows, 2 groups of 4 rows, 3 words
                               (see core/blob.h) */
    uint32_t bytes;         /* in the blob, padding included */
} mlm_tensor_info;

/* Errors: ARGUMENT (no such tensor). Also valid after mlm_model_open reported NONFINITE or TENSOR
 * for that index only if the model was opened; use `fault` otherwise. */
mlm_status mlm_tensor_get_info(const mlm_model *model, uint32_t tensor, mlm_tensor_info *info);

/* ---- plans --------------------------------------------------------------------------------- */

typedef enum mlm_schedule {
    MLM_SCHEDULE_STREAM = 0, /* recurrent state and one tile of activations: memory does not
                                   depend on the sequence length */
    MLM_SCHEDULE_LAYER = 1,  /* whole-sequence activations, fused scan: the layout of the paper */
    MLM_SCHEDULE_UNFUSED = 2 /* as layer, with the discretised dA and dB*u materialised for the
                                   whole sequence, as in the textbook reference */
} mlm_schedule;

typedef struct mlm_options {
    uint32_t schedule;   /* mlm_schedule */
    uint32_t tile;       /* stream: frames processed together, >= 1. Others: 0 */
    uint32_t max_frames; /* layer, unfused: longest sequence, >= 1. stream: 0 (no limit) */
} mlm_options;

/* The smallest step that can be executed, timed and counted on its own. A mamba op is seven or
 * eight operators (one fewer without out_proj), every other op is one. */
typedef enum mlm_operator_kind {
    MLM_OPERATOR_WHOLE = 0,      /* an op that is one operator */
    MLM_OPERATOR_IN_PROJ_X,      /* x = W_x u (+ b) */
    MLM_OPERATOR_CONV1D,         /* x = SiLU(causal depthwise convolution of x) */
    MLM_OPERATOR_X_PROJ,         /* dt_low, B, C = W x */
    MLM_OPERATOR_DT_PROJ,        /* dt = softplus(W dt_low + b) */
    MLM_OPERATOR_DISCRETIZE,     /* unfused only: dA = exp(dt A), dBx = dt B x */
    MLM_OPERATOR_SELECTIVE_SCAN, /* h = dA h + dBx, y = C h + D x */
    MLM_OPERATOR_GATE,           /* y = y SiLU(W_z u (+ b)), the other half of in_proj */
    MLM_OPERATOR_OUT_PROJ
} mlm_operator_kind;

typedef struct mlm_operator_info {
    uint32_t op;           /* index of the op it belongs to */
    uint32_t kind;         /* mlm_operator_kind */
    uint32_t output_width; /* elements a frame that it produces */
    const char *part;      /* "" for WHOLE, else "in_proj.x", "conv1d", "selective_scan", ... */
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

/* Counts of operator `index` for a sequence of `frames` frames under `options`. Errors: ARGUMENT. */
mlm_status mlm_operator_counts(const mlm_model *model, const mlm_options *options, uint32_t frames,
                               uint32_t index, mlm_counts *counts);

typedef enum mlm_buffer_kind {
    MLM_BUFFER_STATE = 0,   /* lives from first to last operator, shares its bytes with nothing */
    MLM_BUFFER_SCRATCH = 1, /* lives from first to last; bytes are reused by others before, after */
    MLM_BUFFER_IO = 2       /* the logits, before they are copied to the caller */
} mlm_buffer_kind;

typedef enum mlm_buffer_role {
    MLM_ROLE_SESSION = 0, /* the session's own bookkeeping */
    MLM_ROLE_SCAN_STATE,  /* h        float [groups of 4 channels][d_state][4] */
    MLM_ROLE_CONV_STATE,  /* history  float [groups of 4 channels][d_conv - 1][4] */
    MLM_ROLE_POOL_STATE,  /* maximum or last row; running sum and its compensation */
    MLM_ROLE_OUTPUT,      /* an op's output          float [tile][width up to 8] */
    MLM_ROLE_X,           /* x, convolved x, then y  float [tile][d_inner up to 8] */
    MLM_ROLE_X_DBL,       /* dt_low, B, C            float [tile][dt_rank + 2 d_state up to 8] */
    MLM_ROLE_DT,          /* dt of a chunk of channels */
    MLM_ROLE_DA,          /* unfused: exp(dt A) */
    MLM_ROLE_DBX,         /* unfused: dt B x */
    MLM_ROLE_Z,           /* z of a chunk of channels */
    MLM_ROLE_SAMPLES,     /* samples of the window that is not full yet  float [window] */
    MLM_ROLE_SPECTRUM     /* of one window           float [fft + 2] */
} mlm_buffer_role;

const char *mlm_buffer_role_string(uint32_t role);

typedef struct mlm_buffer {
    uint32_t offset;      /* bytes from the start of the arena */
    uint32_t bytes;       /* as used, a multiple of MLM_ALIGNMENT */
    uint16_t first, last; /* operators during which it is alive, both inclusive */
    uint16_t op;          /* op it belongs to; 0 for the session's own */
    uint8_t role;         /* mlm_buffer_role */
    uint8_t kind;         /* mlm_buffer_kind */
} mlm_buffer;

/* arena_bytes == state_bytes + scratch_bytes + io_bytes, exactly. */
typedef struct mlm_plan {
    uint32_t arena_bytes;   /* what a session needs besides the blob, all of it */
    uint32_t minimum_bytes; /* largest sum of bytes alive at one operator: no plan can do with
                                   less; arena_bytes - minimum_bytes is this planner's overhead */
    uint32_t state_bytes;   /* all state buffers, the session's bookkeeping included */
    uint32_t session_bytes; /* of these, the bookkeeping */
    uint32_t scratch_bytes; /* the region that the scratch buffers share */
    uint32_t io_bytes;      /* the logits buffer */
    uint32_t input_bytes;   /* the caller's memory for the input of one tile (not in arena) */
    uint32_t output_bytes;  /* the caller's memory for the logits (not in arena) */
    uint32_t tile;          /* frames processed together: options.tile or options.max_frames */
    uint32_t channel_chunk; /* channels of dt alive at a time */
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

/* ---- sessions ------------------------------------------------------------------------------ */

typedef struct mlm_session mlm_session;

/*
 * Plans and makes a session inside `arena`; *session points into it and is ready for frames.
 * Needs exactly the arena_bytes of mlm_plan_make for the same model and options.
 * Errors: ARGUMENT, ALIGNMENT, ARENA_TOO_SMALL, TOO_LARGE.
 */
mlm_status mlm_session_init(mlm_session **session, const mlm_model *model,
                            const mlm_options *options, void *arena, size_t arena_bytes);

/* Forgets all frames: the next one is the first of a new sequence. */
void mlm_session_reset(mlm_session *session);

/*
 * Processes `count` further frames: float [count][input_width], or int32_t [count] tokens, or
 * float [count] samples, aligned to 4 bytes. count may be 0. Tokens are checked before any is
 * processed.
 * Errors: ARGUMENT, FRAMES (more than max_frames or 2^32 - 1 inputs since the last reset: nothing more
 * goes in until the next one), TOKEN, BUSY.
 */
mlm_status mlm_session_push(mlm_session *session, const void *frames, uint32_t count);

/*
 * Runs pooling and head over the frames so far and writes float [logits]. The sequence may go on:
 * more frames may be pushed and finish called again, with the bits that a fresh run would give.
 * Errors: ARGUMENT, FRAMES (no frame yet), BUSY.
 */
mlm_status mlm_session_finish(mlm_session *session, float *logits);

/* reset + push + finish. Errors: as those two; FRAMES when `count` makes no frame. */
mlm_status mlm_session_run(mlm_session *session, const void *frames, uint32_t count, float *logits);

/* Frames since the last reset; of samples, the windows that were completed. */
uint32_t mlm_session_frames(const mlm_session *session);
/* Inputs since the last reset: frames, tokens or samples. */
uint32_t mlm_session_inputs(const mlm_session *session);

/* The recurrent state as bytes, to go on later, in another session of the same model, under any
 * schedule and on any target. */
uint32_t mlm_session_state_bytes(const mlm_session *session);
/* Errors: ARGUMENT (bytes differ from mlm_session_state_bytes), BUSY. */
mlm_status mlm_session_save_state(const mlm_session *session, void *state, size_t bytes);
/* Errors: ARGUMENT, STATE (wrong length, damaged, or another model), FRAMES (over max_frames). */
mlm_status mlm_session_load_state(mlm_session *session, const void *state, size_t bytes);

/*
 * The same work one operator at a time, for profilers and traces. Feed up to `plan.tile` frames, or
 * `plan.tile` times hop_samples samples (they must stay in place) and step until MLM_DONE; or feed
 * the end and step until MLM_DONE, then read the logits from the last operator's output or with
 * mlm_session_finish.
 */
mlm_status mlm_session_feed(mlm_session *session, const void *frames, uint32_t count);
mlm_status mlm_session_feed_end(mlm_session *session);

/* What a step has just done. An operator that works on chunks of channels takes several steps. */
typedef struct mlm_step {
    uint32_t operator_index;
    uint32_t frames;        /* rows of output */
    uint32_t first_channel; /* first element of the operator's output that this step made */
    uint32_t width;         /* elements a row that this step made */
    uint32_t stride;        /* elements from one row to the next */
    const float *output;    /* null where there is none yet or no single one: pool while frames
                            come in, discretize */
} mlm_step;

/* Executes the next operator; `step` may be null. Returns MLM_OK, MLM_DONE (nothing was left to
 * do) or MLM_ERR_ARGUMENT. */
mlm_status mlm_session_step(mlm_session *session, mlm_step *step);

/*
 * Runs the blob's self-test vector and compares logits bit for bit; leaves the session reset. Call
 * it on the device first: it proves that compiler, flags and blob give the bits they should.
 * Errors: FRAMES (the blob has no vector, or it is longer than max_frames), SELF_TEST, BUSY.
 */
mlm_status mlm_session_self_test(mlm_session *session);

#ifdef __cplusplus
}
#endif
#endif

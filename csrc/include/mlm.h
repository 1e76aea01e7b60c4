/*
 * mlm.h - MambaLite-Micro: Mamba (selective state-space) networks in portable C11, in floats or in integers.
 * This header is all one needs to run a model; mlm_inspect.h looks into one (plans, counts, operator by
 * operator).
 *
 * The rules, before the first function:
 *
 *  - The caller owns every byte. Nothing is allocated, nothing is global; any number of models and
 *    sessions live side by side and may run in different threads, a session in one at a time.
 *  - The blob (an .mlm file) is used in place, from flash or RAM. It must be 16-byte aligned, must
 *    not change, and must outlive every model and session made from it.
 *  - An mlm_model is a small value: copy it freely. A session lives inside its arena: the
 *    mlm_session pointer points into it, so the arena must be 16-byte aligned (declare it as
 *    mlm_arena_block[MLM_ARENA_BLOCKS(bytes)]), must not move, and there is nothing to free.
 *  - Every function that can fail returns an mlm_status and changes nothing when it fails. Pointers
 *    must not be null unless the function says so; where one is, MLM_ERR_ARGUMENT is returned by the
 *    functions that return a status.
 *  - The same bits everywhere: IEEE-754 binary32, round to nearest even, subnormals kept, no fused
 *    multiply-add, no libm. Every output is one plain left-to-right sum that starts from the bias;
 *    only a mean or sum over frames, whose length has no bound, is a compensated (Kahan) sum.
 *    run(), push() in any portions, every tile and every schedule give identical outputs.
 *    mlm_session_self_test() tells if compiler, flags or floating-point mode went wrong.
 *    NaN payload bits are not part of this contract; NaN-ness is.
 *  - A network of integers computes in two's complement: weights of 8 bits with a multiplier a row
 *    (of a convolution 16 bits, with or without), activations of 16, sums and the residual stream of 32,
 *    each value a power of two times its elements. A shift to the right rounds down inside a function;
 *    where an element is stored half a unit is added first, so that halves go up. What does not fit where it is stored becomes the nearest number that
 *    does; sums of a linear layer or convolution never leave 32 bits, which mlm_model_open proves of every blob. An average
 *    over windows of time and bands is the sum times the integer next to 2^31 / n. Floats that
 *    enter and recurrent state that were cut off are counted (mlm_session_saturations). Floats occur where a value enters or
 *    leaves such a network: q = floor(x 2^e + 0.5), NaN being 0, and x = q 2^-e. scripts/reference/integer
 *    is an emulation that must agree bit for bit.
 *  - Sizes are in bytes where the name says bytes, else in elements. Little-endian targets only.
 *
 * To build: every .c file of csrc/core and csrc/kernels (which include csrc/math beside them: keep the
 * folders together), with op_list.h and op_types.h, which `node scripts/op-list.mjs FOLDER`, run in the
 * repository's root, writes into FOLDER (an exported project has those of its model and nothing else),
 * with csrc/include and FOLDER in the include path and
 *
 *     -std=c11 -O2 -ffp-contract=off        and never -ffast-math
 *
 * plus -DMLM_CORTEX_M7_ASM for a Cortex-M7 or M33 with its FPU (-mcpu=cortex-m7 -mfpu=fpv5-d16
 * -mfloat-abi=hard), -DMLM_CORTEX_M4_ASM for a Cortex-M4 with its own (fpv4-sp-d16). No libc but memcpy, memset and memmove.
 *
 * Typical firmware. ARENA_BYTES is what `mambalite profile` or mlm_arena_bytes says (more is allowed), LOGITS
 * the sum of the widths of all outputs that are vectors. A session sees one sequence (one second of audio, one
 * window of motion), so it is reset before the next:
 *
 *     #include "mlm.h"
 *     extern const unsigned char blob[];   // the .mlm file, 16-byte aligned (.balign 16, .incbin)
 *     extern const size_t blob_bytes;      // its length, exactly
 *     static mlm_arena_block arena[MLM_ARENA_BLOCKS(ARENA_BYTES)];
 *     static const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0}; // see mlm_options where needs_max_frames
 *
 *     void task(void) {
 *         mlm_model model;
 *         mlm_session *session;
 *         mlm_status status = mlm_model_open(&model, blob, blob_bytes, 0);
 *         if (status == MLM_OK)
 *             status = mlm_session_init(&session, &model, &options, arena, sizeof arena);
 *         if (status == MLM_OK) status = mlm_session_self_test(session); // where the blob has one
 *         while (status == MLM_OK) {
 *             float frame[INPUT_WIDTH], logits[LOGITS];
 *             mlm_session_reset(session);
 *             for (int i = 0; i < FRAMES && status == MLM_OK; i++) {
 *                 read_sensor(frame);
 *                 status = mlm_session_push(session, frame, 1);
 *             }
 *             if (status == MLM_OK) status = mlm_session_finish(session, logits);
 *             if (status == MLM_OK) use(logits);
 *         }
 *         report(mlm_status_string(status));
 *     }
 */
#ifndef MLM_H
#define MLM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MLM_VERSION_STRING "0.2.0"
/* Version of the blob format this core reads; a blob of another version is refused. */
#define MLM_FORMAT_VERSION 2u
/* Alignment in bytes of blobs, arenas and every buffer in an arena. */
#define MLM_ALIGNMENT 16u
/* Most ops in a model. */
#define MLM_MAX_OPS 512u
/* Most values that an op reads. */
#define MLM_MAX_INPUTS 4u

/* What arenas and blobs in RAM are declared as, to be aligned. */
typedef struct mlm_arena_block {
#if defined(__cplusplus)
    alignas(16) unsigned char bytes[16];
#else
    _Alignas(16) unsigned char bytes[16];
#endif
} mlm_arena_block;
#define MLM_ARENA_BLOCKS(bytes) (((bytes) + MLM_ALIGNMENT - 1u) / MLM_ALIGNMENT)

typedef enum mlm_status {
    MLM_OK = 0,
    MLM_DONE,                /* mlm_session_step: nothing left to do */
    MLM_ERR_ARGUMENT,        /* a null pointer or an option that is not permitted */
    MLM_ERR_ALIGNMENT,       /* blob or arena not MLM_ALIGNMENT-aligned */
    MLM_ERR_TRUNCATED,       /* blob shorter (or longer) than its header says */
    MLM_ERR_MAGIC,           /* not an .mlm blob */
    MLM_ERR_VERSION,         /* blob of another format version */
    MLM_ERR_CRC,             /* blob bytes changed since it was written */
    MLM_ERR_FORMAT,          /* header, names, labels, outputs or self-test inconsistent */
    MLM_ERR_TENSOR,          /* a tensor's shape, type, packing, place or size is wrong */
    MLM_ERR_NONFINITE,       /* a tensor holds NaN or infinity */
    MLM_ERR_OP,              /* an op's sizes, inputs, attributes, place or tensors are wrong */
    MLM_ERR_KIND,            /* an op of a kind that this build of the core does not have */
    MLM_ERR_TOO_LARGE,       /* a size exceeds 4 GiB */
    MLM_ERR_CAPACITY,        /* a table given by the caller is too short */
    MLM_ERR_ARENA_TOO_SMALL, /* arena smaller than mlm_arena_bytes */
    MLM_ERR_FRAMES,    /* too few frames for an output, or more than the model's or the options'
                                max_frames, or 2^32 - 1 inputs */
    MLM_ERR_LENGTH,    /* a number of frames for which two branches of the network would have
                                different lengths */
    MLM_ERR_TOKEN,     /* a token is negative or not in the vocabulary */
    MLM_ERR_OUTPUT,    /* rows of an output would exceed what mlm_session_receive gave room for */
    MLM_ERR_BUSY,      /* what mlm_session_feed (mlm_inspect.h) was given is not stepped through */
    MLM_ERR_ENDED,     /* a model that looks ahead cannot go on behind its end: reset first */
    MLM_ERR_STATE,     /* saved state is damaged or of another model */
    MLM_ERR_SELF_TEST, /* outputs of the self-test differ from the recorded bits */
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
    uint32_t index;  /* op or tensor for MLM_ERR_OP, _KIND, _TENSOR, _NONFINITE; else 0 */
    uint32_t needed; /* what the check wanted (bytes, elements, a value) */
    uint32_t have;   /* what it found; for _NONFINITE the element's index in the packed data */
} mlm_fault;

/*
 * Validates `bytes` bytes at `blob` completely and makes *model a view of it. Trusts nothing: every
 * offset, size, product and reference is checked before first use, then the CRC-32 and that every
 * weight is finite. `fault` may be null; it is written on failure only.
 * Errors: ARGUMENT, ALIGNMENT, TRUNCATED, MAGIC, VERSION, CRC, FORMAT, TENSOR, NONFINITE, OP, KIND,
 * TOO_LARGE.
 */
mlm_status mlm_model_open(mlm_model *model, const void *blob, size_t bytes, mlm_fault *fault);

typedef enum mlm_input_kind {
    MLM_INPUT_FRAMES = 0,   /* float [frames][input_width] */
    MLM_INPUT_TOKENS = 1,   /* int32_t [frames] */
    MLM_INPUT_SAMPLES = 2,  /* float [samples], audio in [-1, 1): the front end in the model makes a
                             frame of every window of samples. What push, run and feed count are
                             samples then; max_frames and everything else that counts frames means
                             the front end's frames. */
    MLM_INPUT_SAMPLES16 = 3 /* the same, int16_t [samples], as a microphone gives them */
} mlm_input_kind;

typedef struct mlm_model_info {
    uint32_t input_kind;  /* mlm_input_kind */
    uint32_t input_width; /* elements in one input frame; 1 for tokens and samples */
    uint32_t outputs;
    uint32_t min_frames, max_frames; /* what the network is defined for; max_frames 0: any length */
    uint32_t needs_max_frames; /* 1: options need a max_frames under every schedule, as part of
                                        the network sees the whole sequence at once (a `reverse`) */
    uint32_t looks_ahead;      /* 1: finish ends the sequence: reset before pushing more */
    uint32_t labels;           /* 0 or equal to the width of output 0 */
    uint32_t blob_bytes;
    uint32_t crc32;            /* of the blob, as stored in it */
    uint32_t self_test_inputs; /* frames, tokens or samples of the self-test; 0: none */
    uint32_t vocabulary;       /* tokens 0 .. vocabulary-1; 0 when input_kind is not TOKENS */
    uint32_t sample_rate_hz;   /* 0 when input_kind is not of samples, as the next two */
    uint32_t window_samples;   /* in a frame; frame t begins at sample t * hop_samples */
    uint32_t hop_samples;
} mlm_model_info;

void mlm_model_get_info(const mlm_model *model, mlm_model_info *info);

typedef struct mlm_output_info {
    const char *name;     /* UTF-8, NUL-terminated, inside the blob */
    uint32_t width;       /* elements of a row */
    uint32_t is_sequence; /* 0: one row a sequence, made by finish; 1: rows over time */
} mlm_output_info;

/* Errors: ARGUMENT (no such output). */
mlm_status mlm_output_get_info(const mlm_model *model, uint32_t output, mlm_output_info *info);

/* Rows that a whole sequence of `inputs` inputs makes of an output; 1 for a vector, 0 when there is no
 * such output or the sequence is too short. */
uint32_t mlm_output_rows(const mlm_model *model, uint32_t output, uint32_t inputs);

/* Rows of an output that pushing `inputs` inputs hands out before finish; 0 for a vector, and for a
 * sequence that is made at the end. */
uint32_t mlm_output_rows_pushed(const mlm_model *model, uint32_t output, uint32_t inputs);

/* A label, or the blob's metadata (a JSON text): UTF-8, NUL-terminated, inside the blob. Empty when the
 * index is out of range or there is none. */
const char *mlm_label(const mlm_model *model, uint32_t index);
const char *mlm_metadata(const mlm_model *model);

/* ---- memory -------------------------------------------------------------------------------- */

typedef enum mlm_schedule {
    MLM_SCHEDULE_STREAM = 0, /* recurrent state and one tile of activations: memory does not
                                   depend on the sequence length, except where needs_max_frames */
    MLM_SCHEDULE_LAYER = 1,  /* whole-sequence activations, fused scan: the layout of the paper */
    MLM_SCHEDULE_UNFUSED = 2 /* as layer, with the discretised dA and dB*u materialised for the
                                   whole sequence, as in the textbook reference */
} mlm_schedule;

typedef struct mlm_options {
    uint32_t schedule;   /* mlm_schedule */
    uint32_t tile;       /* stream: frames processed together, >= 1. Others: 0 */
    uint32_t max_frames; /* longest sequence, >= 1, for layer, for unfused, and where the model's
                            needs_max_frames is 1. Else 0 (no limit). */
} mlm_options;

/* Bytes of arena that a session with these options needs, all of it, exactly. Errors: ARGUMENT, TOO_LARGE. */
mlm_status mlm_arena_bytes(const mlm_model *model, const mlm_options *options, uint32_t *bytes);

/* ---- sessions ------------------------------------------------------------------------------ */

typedef struct mlm_session mlm_session;

/*
 * Plans and makes a session inside `arena`, which has mlm_arena_bytes or more; *session points into it and
 * is ready for frames.
 * Errors: ARGUMENT, ALIGNMENT, ARENA_TOO_SMALL, TOO_LARGE.
 */
mlm_status mlm_session_init(mlm_session **session, const mlm_model *model,
                            const mlm_options *options, void *arena, size_t arena_bytes);

/* Forgets all frames: the next one is the first of a new sequence. What receives rows stays, its
 * counts begin at 0. */
void mlm_session_reset(mlm_session *session);

/*
 * Where the rows of an output that is a sequence go from now on: float [capacity][width], the next row
 * first. `rows` may be null with capacity 0: the rows are dropped, as they are before the first call.
 * A push or finish that would make more rows than there is room for is refused before it begins.
 * Errors: ARGUMENT (no such output, or it is a vector), BUSY.
 */
mlm_status mlm_session_receive(mlm_session *session, uint32_t output, float *rows,
                               uint32_t capacity);
/* Rows written there since that call, or since reset; 0 for a vector. */
uint32_t mlm_session_received(const mlm_session *session, uint32_t output);

/*
 * Processes `count` further inputs: float [count][input_width], or int32_t [count] tokens, or
 * float [count] samples, aligned to 4 bytes; or int16_t [count] samples, aligned to 2. count may be 0 (`inputs` may be null then). Tokens are
 * checked before any is processed.
 * Errors: ARGUMENT, FRAMES (max_frames or 2^32 - 1 inputs exceeded), TOKEN, OUTPUT, BUSY, ENDED.
 */
mlm_status mlm_session_push(mlm_session *session, const void *inputs, uint32_t count);

/*
 * Ends the sequence: runs what can only run when all frames are known (pools, heads, reversed parts),
 * and writes the outputs that are vectors, one behind the other in their order, to float vectors[],
 * which may be null. The sequence may go on, unless the model looks ahead: more frames may be pushed
 * and finish called again, with the bits that a fresh run would give.
 * Errors: ARGUMENT, FRAMES, LENGTH, OUTPUT, BUSY, ENDED.
 */
mlm_status mlm_session_finish(mlm_session *session, float *vectors);

/* reset + push + finish. Errors: as those two. */
mlm_status mlm_session_run(mlm_session *session, const void *inputs, uint32_t count,
                           float *vectors);

/* Frames since the last reset; of samples, the windows that were completed. */
uint32_t mlm_session_frames(const mlm_session *session);
/* Inputs since the last reset: frames, tokens or samples. */
uint32_t mlm_session_inputs(const mlm_session *session);

/* Values that were cut off at the end of their range since the last reset, 2^32 - 1 at most: of the recurrent state
 * of integer scans, and floats that were made integers, where those of 2^15 units or more (2^31 of 32 bits) and NaN
 * count. Then the input was outside of what the model was calibrated for. 0 in a model of floats. */
uint32_t mlm_session_saturations(const mlm_session *session);

/* The recurrent state as bytes, to go on later, in another session of the same model, under any
 * schedule and on any target; where max_frames is part of the options, with the same one. */
uint32_t mlm_session_state_bytes(const mlm_session *session);
/* Errors: ARGUMENT (bytes differ from mlm_session_state_bytes), BUSY, ENDED. */
mlm_status mlm_session_save_state(const mlm_session *session, void *state, size_t bytes);
/* Errors: ARGUMENT, STATE (wrong length, damaged, or another model), FRAMES (over max_frames), BUSY. */
mlm_status mlm_session_load_state(mlm_session *session, const void *state, size_t bytes);

/*
 * Runs the blob's self-test and compares every output bit for bit; leaves the session reset. Call
 * it on the device first: it proves that compiler, flags and blob give the bits they should.
 * Errors: FRAMES (the blob has none, or it is longer than max_frames), SELF_TEST, BUSY.
 */
mlm_status mlm_session_self_test(mlm_session *session);

#ifdef __cplusplus
}
#endif
#endif

/*
 * blob_builder.h - writes .mlm blobs for tests: a list of ops with sizes becomes a valid blob with
 * seeded random weights. Follows core/blob.h on its own, not through the TypeScript writer, so that
 * the two check each other. Knows nothing of how ops are computed.
 */
#ifndef BLOB_BUILDER_H
#define BLOB_BUILDER_H

#include "core/blob.h"
#include "random.h"

#define SPEC_MAX_OPS MLM_MAX_OPS

/* op_spec.optional: which optional tensors the op has. */
enum {
    OPTIONAL_BIAS = 1,    /* linear, layer norm */
    OPTIONAL_IN_BIAS = 2, /* mamba: biases of in_proj, x and z */
    OPTIONAL_CONV_BIAS = 4,
    OPTIONAL_DT_BIAS = 8,
    OPTIONAL_OUT = 16,      /* mamba: out_proj */
    OPTIONAL_OUT_BIAS = 32, /* mamba: bias of out_proj */
    OPTIONAL_TIED = 64      /* linear: its weight is the embedding of op 0 */
};

typedef struct op_spec {
    uint32_t kind, variant;
    uint32_t inputs[2];
    uint32_t input_width, output_width; /* embedding: input_width is the vocabulary */
    uint32_t d_inner, d_state, d_conv, dt_rank;
    uint32_t window, hop, fft; /* logmel, with bands as output_width and the floor as epsilon */
    uint32_t optional;
    float epsilon;
} op_spec;

typedef struct model_spec {
    uint32_t input_kind, input_width;
    uint32_t op_count;
    op_spec ops[SPEC_MAX_OPS];
    uint32_t self_test_frames; /* frames, tokens or samples */
    uint32_t labels;           /* 0 or 1 */
    uint64_t seed;             /* of the weights */
    float dt_offset;           /* added to every bias of dt: pre-activations about this large */
} model_spec;

/* `bytes` bytes of heap, 16-byte aligned and exactly that long, so that AddressSanitizer sees every
 * access past the end. Exits the process when there is no memory. */
void *aligned_block(size_t bytes);

typedef struct blob {
    unsigned char *bytes; /* from aligned_block */
    size_t size;
} blob;

/* A valid blob for `spec`, its self-test vector recorded by running the core. Exits the process
 * when the spec is too large or the core refuses the blob. */
blob blob_build(const model_spec *spec);
blob blob_copy(const blob *from, size_t size);
void blob_free(blob *b);

/* CRC-32 (IEEE 802.3); not the core's own. */
uint32_t crc32_of(const unsigned char *bytes, size_t size);

/* Writes the CRC-32 of the whole blob into its header; does nothing to a blob without one. */
void blob_fix_crc(unsigned char *bytes, size_t size);

/* Elements of a tensor as trained: undoes the packing. */
float blob_weight(const mlm_model *model, uint16_t tensor, uint32_t row, uint32_t column);
/* Changes one; the CRC is not kept. */
void blob_set_weight(blob *b, uint16_t tensor, uint32_t row, uint32_t column, float value);

typedef struct spec_limits {
    uint32_t max_width, max_state, max_blocks, max_vocabulary;
} spec_limits;

/* A random valid list of ops: any mix of kinds, odd sizes, residuals, heads. */
void spec_random(model_spec *spec, rng *random, const spec_limits *limits);

/* The classifier of the paper: linear_in, mamba, mean pool, linear. */
void spec_paper(model_spec *spec, uint32_t input_width, uint32_t d_model, uint32_t classes);

/* One line that says what the spec is, for messages of failed tests. */
void spec_describe(const model_spec *spec, char *text, size_t size);

/* Input for `spec`: float or int32 [inputs][input_width], from malloc. */
void *spec_random_input(const model_spec *spec, rng *random, uint32_t inputs);

/* Frames that the network makes of `inputs` frames, tokens or samples: for a log-mel front end the
 * windows that lie within the samples. And the fewest inputs that make `frames` frames. */
uint32_t spec_frames_of(const model_spec *spec, uint32_t inputs);
uint32_t spec_inputs_of(const model_spec *spec, uint32_t frames);

#endif

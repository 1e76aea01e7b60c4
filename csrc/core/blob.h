/*
 * blob.h - the .mlm format as it lies in flash: little-endian, version 1, every section 16-byte
 * aligned. Only model.c trusts none of it; everybody else reads what model.c has validated.
 *
 *   header | op records | tensor records | label offsets | strings | self-test | tensor data
 *
 * Packings, all padded with zeros:
 *   vector   [rows]            float[rows up to 8]
 *   panels   [rows][columns]   float[rows up to 8, / 8][columns][8]: for output panel p and input i,
 *                              the weights of outputs 8p .. 8p+7
 *   groups   [rows][columns]   float[rows up to 4, / 4][columns][4]: channels of the convolution and
 *                              of A
 *   words    [rows]            uint32_t[rows up to 8]
 */
#ifndef MLM_BLOB_H
#define MLM_BLOB_H

#include "mlm.h"

#define MLM_PANEL 8u /* outputs of a linear layer that lie side by side in the blob */
#define MLM_GROUP 4u /* channels of conv1d and scan that lie side by side in the blob */

#define MLM_NO_TENSOR 0xFFFFu
#define MLM_TENSOR_REFS 16

/* "MLM" and 0x1A, which stops a text-mode copy. */
#define MLM_MAGIC 0x1A4D4C4Du

typedef struct mlm_blob_header {
    uint32_t magic;
    uint32_t version;
    uint32_t blob_bytes; /* of everything, header included; a multiple of 16 */
    uint32_t crc32;      /* CRC-32 (IEEE 802.3, reflected) of the blob with this field 0 */
    uint32_t input_kind; /* mlm_input_kind */
    uint32_t input_width;
    uint32_t logits;
    uint32_t op_count;
    uint32_t op_offset; /* of mlm_blob_op[op_count] */
    uint32_t tensor_count;
    uint32_t tensor_offset; /* of mlm_blob_tensor[tensor_count] */
    uint32_t label_count;   /* 0 or logits */
    uint32_t label_offset;  /* of uint32_t[label_count]: offsets into the strings */
    uint32_t string_bytes;  /* > 0; the last byte is NUL */
    uint32_t string_offset;
    uint32_t metadata;         /* offset into the strings of a JSON text; offset of "" if none */
    uint32_t self_test_frames; /* frames, tokens or samples; 0: none */
    uint32_t self_test_input;  /* offset of float or int32 [frames][input_width] */
    uint32_t self_test_logits; /* offset of float [logits] */
    uint32_t reserved;         /* 0 */
} mlm_blob_header;             /* 80 bytes */

/* Which dims and tensors an op uses: see the enums below. Unused dims are 0, unused tensor
 * references MLM_NO_TENSOR, an unused input 0. */
typedef struct mlm_blob_op {
    uint16_t kind;      /* mlm_op_kind */
    uint16_t variant;   /* see mlm_op_info.variant */
    uint32_t name;      /* offset into the strings */
    uint16_t inputs[2]; /* values: 0 the model's input, n the output of op n-1 */
    float epsilon;      /* norm and logmel: a positive normal number; else 0 */
    uint32_t dims[8];
    uint16_t tensors[MLM_TENSOR_REFS];
} mlm_blob_op; /* 80 bytes */

enum {                     /* dims of every op */
       MLM_DIM_INPUT = 0,  /* input width; embedding: vocabulary */
       MLM_DIM_OUTPUT = 1, /* output width */
       /* of mamba */
       MLM_DIM_INNER = 2,
       MLM_DIM_STATE = 3,
       MLM_DIM_CONV = 4,
       MLM_DIM_DT_RANK = 5,
       /* of logmel, whose input width is 1 */
       MLM_DIM_WINDOW = 2, /* samples */
       MLM_DIM_HOP = 3,
       MLM_DIM_FFT = 4,
       MLM_DIM_SAMPLE_RATE = 5 /* Hz; a fact for people, nothing is computed from it */
};

enum {                   /* tensors of linear, norm, embedding */
       MLM_T_WEIGHT = 0, /* linear, embedding: panels [output][input] ([vocabulary][output] for an
                           embedding); norm: vector [width] */
       MLM_T_BIAS = 1    /* optional; linear: vector [output]; layer norm: vector [width] */
};

/* affine: MLM_T_WEIGHT and MLM_T_BIAS, both vectors [width], both needed. */

enum {                    /* tensors of logmel; its epsilon is the least energy of a band */
       MLM_T_WINDOW = 0,  /* vector [window] */
       MLM_T_TWIDDLES,    /* vector [fft]: cos and -sin of 2 pi k / fft by turns, k < fft / 2 */
       MLM_T_FILTER_BINS, /* words [2 bands]: of each band its first bin and number of bins */
       MLM_T_FILTERS      /* vector: the bands' weights, one behind the other */
};

enum {                  /* tensors of mamba */
       MLM_T_IN_X = 0,  /* panels [d_inner][input] */
       MLM_T_IN_X_BIAS, /* optional vector [d_inner] */
       MLM_T_IN_Z,      /* panels [d_inner][input] */
       MLM_T_IN_Z_BIAS, /* optional vector [d_inner] */
       MLM_T_CONV,      /* groups [d_inner][d_conv], oldest tap first */
       MLM_T_CONV_BIAS, /* optional vector [d_inner] */
       MLM_T_X_PROJ,    /* panels [dt_rank + 2 d_state][d_inner]; rows: dt_rank rows of dt, then B
                           and C by turns: B0 C0 B1 C1 ... */
       MLM_T_DT,        /* panels [d_inner][dt_rank] */
       MLM_T_DT_BIAS,   /* optional vector [d_inner] */
       MLM_T_A,         /* groups [d_inner][d_state]: -exp(A_log) * log2(e), computed in double, not
                           below -FLT_MAX */
       MLM_T_D,         /* vector [d_inner] */
       MLM_T_OUT,       /* optional panels [output][d_inner]; absent: output width is d_inner */
       MLM_T_OUT_BIAS   /* optional vector [output]; only with MLM_T_OUT */
};

enum { MLM_PACK_VECTOR = 0, MLM_PACK_PANELS = 1, MLM_PACK_GROUPS = 2, MLM_PACK_WORDS = 3 };
enum { MLM_DTYPE_F32 = 0, MLM_DTYPE_U32 = 1 }; /* U32 is the dtype of words, and of nothing else */

typedef struct mlm_blob_tensor {
    uint32_t name; /* offset into the strings */
    uint16_t dtype;
    uint16_t packing;
    uint32_t rows;
    uint32_t columns; /* 1 for a vector */
    uint32_t offset;  /* from the start of the blob, a multiple of 16 */
    uint32_t bytes;   /* padded */
    uint32_t reserved[2];
} mlm_blob_tensor; /* 32 bytes */

_Static_assert(sizeof(mlm_blob_header) == 80, "blob header layout");
_Static_assert(sizeof(mlm_blob_op) == 80, "blob op layout");
_Static_assert(sizeof(mlm_blob_tensor) == 32, "blob tensor layout");

static inline const mlm_blob_header *mlm_header(const mlm_model *model) {
    return (const mlm_blob_header *)(const void *)model->blob;
}

static inline const mlm_blob_op *mlm_ops(const mlm_model *model) {
    return (const mlm_blob_op *)(const void *)(model->blob + mlm_header(model)->op_offset);
}

static inline const mlm_blob_tensor *mlm_tensors(const mlm_model *model) {
    return (const mlm_blob_tensor *)(const void *)(model->blob + mlm_header(model)->tensor_offset);
}

static inline const char *mlm_string(const mlm_model *model, uint32_t offset) {
    return (const char *)(model->blob + mlm_header(model)->string_offset + offset);
}

/* Data of a tensor reference; null for MLM_NO_TENSOR. */
static inline const float *mlm_weights(const mlm_model *model, uint16_t tensor) {
    if (tensor == MLM_NO_TENSOR) return 0;
    return (const float *)(const void *)(model->blob + mlm_tensors(model)[tensor].offset);
}

static inline uint32_t mlm_round_up(uint32_t n, uint32_t to) { return (n + to - 1u) / to * to; }

#endif

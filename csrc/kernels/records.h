/*
 * records.h - an op and a tensor as they lie in the blob (blob.h), which kernels read in place.
 *
 * Packings, all padded with zeros; elements are floats, but where another type is named:
 *   vector   [rows]            float[rows up to 8]; u32, i32 and i16 vectors likewise
 *   panels   [rows][columns]   float[rows up to 8, / 8][columns][8]: for output panel p and input i,
 *                              the weights of outputs 8p .. 8p+7
 *              of i8             float scales[rows up to 8], then int8_t[rows up to 8, / 8][columns][8], the
 *                              eight in the order of outputs 0, 4, 1, 5, 2, 6, 3, 7. A weight is its row's
 *                              scale times its integer (arithmetic: linear_i8.c); writers take the largest
 *                              weight of a row for 127 and round to the nearest integer, ties to even
 *   groups   [rows][columns]   float[rows up to 4, / 4][columns][4]: channels of the convolution and
 *                              of A
 *   quads    [rows][columns]   i8: [rows up to 4, / 4][columns up to 4, / 4][4 rows][4 columns in the
 *                              order 0, 2, 1, 3], each a byte w + 128, as small cores load only bytes
 *                              without a sign from anywhere; what is padded is 128, too
 *   rows     [rows][columns]   i16, row by row, up to 8 elements in all
 */
#ifndef MLM_RECORDS_H
#define MLM_RECORDS_H

#include "mlm_inspect.h"

#define MLM_PANEL 8u /* outputs of a linear layer that lie side by side in the blob */
#define MLM_GROUP 4u /* channels of conv1d and scan that lie side by side in the blob */
#define MLM_QUAD \
    4u /* outputs and inputs of an integer linear layer that lie together in the blob */

#define MLM_NO_TENSOR 0xFFFFu
#define MLM_NO_CLOCK 0xFFFFu

/* Unused attributes are 0, unused tensor references MLM_NO_TENSOR, unused inputs MLM_NO_VALUE. */
typedef struct mlm_blob_op {
    uint16_t kind;                   /* number of its mlm_op_class */
    uint8_t variant;                 /* of the class */
    uint8_t type;                    /* number type of the output: MLM_DTYPE_F32, _I16 or _I32 */
    uint32_t name;                   /* offset into the strings */
    uint16_t inputs[MLM_MAX_INPUTS]; /* values: 0 the model's input, n the output of op n-1 */
    /* Where in time the output is; both follow from the op and its inputs (graph.h), and are checked. */
    uint16_t stage; /* the largest number of barriers on a path from the model's input to this op */
    uint16_t clock; /* MLM_NO_CLOCK: a vector. 0: a row a frame; n: by the n-th change of that */
    uint32_t width; /* elements of a row of the output */
    uint32_t attributes[MLM_ATTRIBUTES];
    uint16_t tensors[MLM_TENSOR_REFS];
    int32_t exponent;  /* of an output of integers: an element q is q 2^-exponent; else 0 */
    uint32_t reserved; /* 0 */
} mlm_blob_op;         /* 80 bytes */

enum {
    MLM_PACK_VECTOR = 0,
    MLM_PACK_PANELS = 1,
    MLM_PACK_GROUPS = 2,
    MLM_PACK_QUADS = 3,
    MLM_PACK_ROWS = 4,
    MLM_PACKINGS
};
enum {
    MLM_DTYPE_F32 = 0,
    MLM_DTYPE_I8 = 1,
    MLM_DTYPE_I16 = 2,
    MLM_DTYPE_I32 = 3,
    MLM_DTYPE_U32 = 4,
    MLM_DTYPES
};

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

_Static_assert(sizeof(mlm_blob_op) == 80, "blob op layout");
_Static_assert(sizeof(mlm_blob_tensor) == 32, "blob tensor layout");

#endif

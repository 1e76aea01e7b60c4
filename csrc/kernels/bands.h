/*
 * bands.h - rows that are bands of channels, as two-dimensional stems have them: [bands][channels], so that the
 * channels of a band lie side by side; and what convolutions and pools over time and bands are, whatever numbers they
 * compute with. Windows over time are window.h's.
 */
#ifndef MLM_BANDS_H
#define MLM_BANDS_H

#include "window.h"

/* Output band b covers bands b hop - before + j dilation of the input, 0 <= j < taps. */
typedef struct mlm_bands {
    uint32_t in, out;  /* bands of a row of the input and of the output */
    uint32_t channels; /* of a band of the input */
    uint32_t taps, hop, dilation, before;
} mlm_bands;

/* As they lie in the last two attributes: in | out << 16, and taps | hop << 8 | dilation << 16 | before << 24. */
mlm_bands mlm_bands_of(const mlm_blob_op *op, uint32_t attribute, uint32_t width);

/* Whether rows are divided evenly, and every output band covers at least one band that is there. */
int mlm_are_bands(const mlm_bands *bands, const mlm_op_view *view);

/* ---- convolutions ------------------------------------------------------------------------------------ */

enum { MLM_CONV2D_DENSE, MLM_CONV2D_DEPTHWISE, MLM_CONV2D_VARIANTS };
/* Groups are below the shift of integers, which floats have not. */
enum { MLM_CONV2D_GROUPS = 5, MLM_CONV2D_ATTRIBUTES = 8, MLM_CONV2D_SHIFT_PLACE = 24 };

typedef struct mlm_conv2d {
    mlm_window time;
    mlm_bands bands;
    uint32_t groups, shift;
    uint32_t inputs, outputs; /* channels of a group */
    uint32_t columns;         /* of the weight: elements of a window */
} mlm_conv2d;

mlm_conv2d mlm_conv2d_of(const mlm_blob_op *op, uint32_t width);

/* Rows of a group's weights: those of several groups are padded to a multiple of `padding`. */
static inline uint32_t mlm_conv2d_rows(const mlm_conv2d *conv, uint32_t padding) {
    if (conv->groups == 1) return conv->outputs;
    return (conv->outputs + padding - 1) / padding * padding;
}

/* Whether sizes agree; rows and columns of the weight, and of one that has a filter a channel all elements, are then
 * numbers of 32 bits. */
int mlm_is_conv2d(const mlm_conv2d *conv, const mlm_op_view *view, uint32_t padding);
int mlm_conv2d_clock(const mlm_op_view *view, mlm_clock *clock);

/* Bands that go through one product, which loads a weight once for them: how many of those from b on. */
enum { MLM_CONV2D_BATCH = 4 };
static inline uint32_t mlm_conv2d_batch(const mlm_conv2d *conv, uint32_t b) {
    const uint32_t left = conv->bands.out - b;
    return left < MLM_CONV2D_BATCH ? left : MLM_CONV2D_BATCH;
}

/* Of elements of so many bytes. */
void mlm_conv2d_counts(const mlm_op_view *view, mlm_work *work, uint32_t bytes);

/* ---- pools -------------------------------------------------------------------------------------------- */

enum { MLM_POOL2D_AVERAGE, MLM_POOL2D_MAX, MLM_POOL2D_VARIANTS };
enum { MLM_POOL2D_COUNT_ABSENT = 4, MLM_POOL2D_BANDS, MLM_POOL2D_ATTRIBUTES = 7 };

typedef struct mlm_pool2d {
    mlm_window time;
    mlm_bands bands;
} mlm_pool2d;

mlm_pool2d mlm_pool2d_of(const mlm_blob_op *op, uint32_t width);
int mlm_is_pool2d(const mlm_pool2d *pool, const mlm_op_view *view);
int mlm_pool2d_clock(const mlm_op_view *view, mlm_clock *clock);
/* Of elements and of sums of so many bytes. */
void mlm_pool2d_counts(const mlm_op_view *view, mlm_work *work, uint32_t bytes, uint32_t sums);

/* ---- one band ------------------------------------------------------------------------------------------ */

#define MLM_NO_BAND 0xFFFFFFFFu

/* Where the channels of tap j of output band b begin in a row of the input, in elements; MLM_NO_BAND when the band
 * is absent. */
static inline uint32_t mlm_band_start(const mlm_bands *bands, uint32_t b, uint32_t j) {
    const uint32_t place = b * bands->hop + j * bands->dilation;
    if (place < bands->before || place - bands->before >= bands->in) return MLM_NO_BAND;
    return (place - bands->before) * bands->channels;
}

/* These channels; null when the row or the band is absent. */
static inline const float *mlm_band(const mlm_bands *bands, const float *row, uint32_t b,
                                    uint32_t j) {
    const uint32_t start = mlm_band_start(bands, b, j);
    return row && start != MLM_NO_BAND ? row + start : 0;
}

#endif

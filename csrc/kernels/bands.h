/*
 * bands.h - rows that are bands of channels, as two-dimensional stems have them: [bands][channels], so that the
 * channels of a band lie side by side. Shared by ops whose windows slide over time and bands; windows over
 * time are window.h's.
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

/* Channels of tap j of output band b in a row of the input; null when the row or the band is absent. */
static inline const float *mlm_band(const mlm_bands *bands, const float *row, uint32_t b,
                                    uint32_t j) {
    const uint32_t place = b * bands->hop + j * bands->dilation;
    if (!row || place < bands->before || place - bands->before >= bands->in) return 0;
    return row + (place - bands->before) * bands->channels;
}

#endif

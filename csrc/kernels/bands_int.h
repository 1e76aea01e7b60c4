/*
 * bands_int.h - what ops on integers over time and bands share beside bands.h and window.h: rows of 16 bits, and the
 * history that keeps them.
 */
#ifndef MLM_BANDS_INT_H
#define MLM_BANDS_INT_H

#include "bands.h"
#include "integer.h"

/* Words that rows of 16 bits are apart. */
static inline uint32_t mlm_i16_stride(uint32_t width) {
    return mlm_padded(width) / (uint32_t)(sizeof(float) / sizeof(int16_t));
}

/* As window.h's, of rows of 16 bits. What is padding stays 0 in the history. */
void mlm_window_need_i16(const mlm_op_view *view, const mlm_window *window, mlm_need *need);
const int16_t *mlm_window_row_i16(const mlm_run *run, const mlm_window *window,
                                  const float *history, uint32_t r, uint32_t j);
void mlm_window_advance_i16(const mlm_run *run, const mlm_window *window, float *history);

/* Channels of tap j of output band b in a row of the input; null when the row or the band is absent. */
static inline const int16_t *mlm_band_i16(const mlm_bands *bands, const int16_t *row, uint32_t b,
                                          uint32_t j) {
    const uint32_t start = mlm_band_start(bands, b, j);
    return row && start != MLM_NO_BAND ? row + start : 0;
}

#endif

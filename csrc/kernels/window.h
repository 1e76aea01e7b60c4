/*
 * window.h - windows that slide over the rows of a sequence, and the history that keeps the rows which
 * later windows still cover. Shared by ops whose rows are made of several rows of their input; knows nothing
 * of what is made of them.
 */
#ifndef MLM_WINDOW_H
#define MLM_WINDOW_H

#include "op.h"

/* Row r of the output covers rows r hop - before + j dilation of the input, 0 <= j < taps. */
typedef struct mlm_window {
    uint32_t taps, hop, dilation;
    uint32_t before, after; /* rows that are absent before the first and behind the last one */
} mlm_window;

/* Whether a window is well formed: no product or sum of its numbers is too large for 32 bits. */
int mlm_is_window(const mlm_window *window);

/* Rows from the first to the last one that a window covers. */
static inline uint32_t mlm_window_span(const mlm_window *window) {
    return (window->taps - 1) * window->dilation + 1;
}

/* What class->clock gives: 0 when there is a row for each row of the input, as it comes. */
int mlm_window_clock(const mlm_window *window, mlm_clock *clock);

/* The history: the last span - 1 rows, row i at i modulo (span - 1). */
void mlm_window_need(const mlm_op_view *view, const mlm_window *window, mlm_need *need);

/* Index in the sequence of row `j` of the window of output row `r`; MLM_UNKNOWN when it is absent. */
static inline uint32_t mlm_window_index(const mlm_run *run, const mlm_window *window, uint32_t r,
                                        uint32_t j) {
    const uint64_t place = (uint64_t)r * window->hop + (uint64_t)j * window->dilation;
    const uint64_t come = (uint64_t)run->in_first + run->in_rows;
    if (place < window->before || place - window->before >= come) return MLM_UNKNOWN;
    return (uint32_t)(place - window->before);
}

/* That row; null when it is absent. */
const float *mlm_window_row(const mlm_run *run, const mlm_window *window, const float *history,
                            uint32_t r, uint32_t j);

/* Moves the history past the rows of this step, when all windows have been served. */
void mlm_window_advance(const mlm_run *run, const mlm_window *window, float *history);

/* Floats that move for one row of the output: rows that are new to the history, there and back. */
static inline uint64_t mlm_window_moves(const mlm_op_view *view, const mlm_window *window) {
    return mlm_window_span(window) > 1 ? (uint64_t)window->hop * view->widths[0] : 0;
}

#endif

/*
 * recurrent.h - what GRU and LSTM share: hidden states that go through a matrix at every row, beside which
 * a linear layer before the op has put what the input adds to the gates. Rows of gates have one gate of all
 * channels behind the other. Knows nothing of what the gates do.
 */
#ifndef MLM_RECURRENT_H
#define MLM_RECURRENT_H

#if defined(__wasm__) && defined(MLM_NO_SIMD)
#define MLM_ONE_LANE /* four in plain C would only be four times the code */
#endif
#include "../math/math4.h"
#include "kernels.h"

enum { RECURRENT_WEIGHT, RECURRENT_BIAS, RECURRENT_TENSORS };
enum { RECURRENT_HIDDEN, RECURRENT_PRODUCT, RECURRENT_ROLES };

/* Channels of a gate from `i` on; zeros behind the last one. */
static inline v4 recurrent_load(const float *gates, uint32_t gate, uint32_t i, uint32_t width) {
    return v4_load_row(gates + (size_t)gate * width, i, width);
}

MLM_SHARED v4 recurrent_tanh(v4 x) { return v4_tanh(x); }

static inline int recurrent_check(const mlm_op_view *view, uint32_t gates) {
    const uint32_t width = view->op->width, rows = view->widths[0];
    return (uint64_t)gates * width == rows && mlm_has_matrix(view, RECURRENT_WEIGHT, rows, width) &&
           mlm_has_optional_vector(view, RECURRENT_BIAS, rows);
}

/* `states` vectors of all channels, the hidden state first, and the gates of one row. */
static inline void recurrent_needs(const mlm_op_view *view, uint32_t states, mlm_need *needs) {
    needs[RECURRENT_HIDDEN] =
        (mlm_need){.floats = (uint64_t)states * mlm_padded(view->op->width), .is_state = 1};
    needs[RECURRENT_PRODUCT].floats = mlm_padded(view->widths[0]);
}

/* What is done at a row: x and product, rows of gates, move the states on and make y. */
typedef void (*recurrent_step)(uint32_t width, const float *x, const float *product, float *states,
                               float *y);

static inline int recurrent_run(mlm_run *run, recurrent_step step) {
    const mlm_matrix weight = mlm_matrix_of(run, RECURRENT_WEIGHT);
    const float *bias = mlm_weights(run, RECURRENT_BIAS), *x = run->inputs[0].data;
    float *states = mlm_buffer_at(run, RECURRENT_HIDDEN), *y = run->output.data;
    float *product = mlm_buffer_at(run, RECURRENT_PRODUCT);
    for (uint32_t t = 0; t < run->rows; t++, x += run->inputs[0].stride, y += run->output.stride) {
        mlm_linear(weight, bias, (mlm_source){states, 0}, (mlm_rows){product, 0}, 1);
        step(run->op->width, x, product, states, y);
    }
    return 0;
}

/* The matrix moves at every row, as the state does; `products` and `exps` are those of a channel. */
static inline void recurrent_counts(const mlm_op_view *view, mlm_work *work, uint32_t states,
                                    uint32_t products, uint32_t exps) {
    const uint64_t width = view->op->width, gates = view->widths[0];
    work->row.macs = width * (gates + products);
    work->row.exps = width * exps;
    work->row.bytes_read =
        work->pass.bytes_read + (2 * gates + (states + 1) * width) * sizeof(float);
    work->row.bytes_written = (gates + (states + 1) * width) * sizeof(float);
    work->pass.bytes_read = 0;
}

#endif

/*
 * lstm.c - the recurrence of an LSTM as PyTorch has it (Hochreiter and Schmidhuber 1997, with the forget gate of
 * Gers et al. 2000): x has the gates i, f, g and o of the input with their biases, the product those of the
 * hidden state. The cell state lies behind the hidden one.
 */
#include "recurrent.h"

enum { IN, FORGET, CELL, OUT, GATES };
enum { STATES = 2 };

/* c = f c + i g, h = o tanh(c) */
static void step(uint32_t width, const float *x, const float *product, float *states, float *y) {
    float *const cell = states + mlm_padded(width);
    for (uint32_t i = 0; i < width; i += V4_LANES) {
        v4 gates[GATES];
        for (uint32_t gate = IN; gate < GATES; gate++) {
            const v4 sum =
                v4_add(recurrent_load(x, gate, i, width), recurrent_load(product, gate, i, width));
            gates[gate] = gate == CELL ? recurrent_tanh(sum) : v4_sigmoid(sum);
        }
        const v4 next =
            v4_add(v4_mul(gates[FORGET], v4_load(cell + i)), v4_mul(gates[IN], gates[CELL]));
        const v4 hidden = v4_mul(gates[OUT], recurrent_tanh(next));
        v4_store(cell + i, next);
        v4_store(states + i, hidden);
        v4_store(y + i, hidden);
    }
}

static int check(const mlm_op_view *view) { return recurrent_check(view, GATES); }

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    recurrent_needs(view, STATES, need);
}

static int run_lstm(mlm_run *run) { return recurrent_run(run, step); }

/* f c, i g, o tanh(c) */
void mlm_lstm_class_counts(const mlm_op_view *view, mlm_work *work) {
    recurrent_counts(view, work, STATES, 3, GATES + 1);
}

static const char *const roles[RECURRENT_ROLES] = {"recurrent_state", "gates"};

/* mlm-op 62 */
const mlm_op_class mlm_lstm_class = {
    .name = "lstm",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = 1,
    .tensors = RECURRENT_TENSORS,
    .parts = 1,
    .roles = RECURRENT_ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .run = run_lstm,
};

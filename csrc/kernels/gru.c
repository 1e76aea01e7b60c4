/*
 * gru.c - the recurrence of a GRU as PyTorch has it (Cho et al., arXiv 1406.1078, with the reset gate behind the
 * matrix): x has the gates r, z and n of the input with their biases, the product those of the state.
 */
#include "recurrent.h"

enum { RESET, UPDATE, NEW, GATES };

/* n + z (h - n), n = tanh(x_n + r p_n) */
static void step(uint32_t width, const float *x, const float *product, float *h, float *y) {
    for (uint32_t i = 0; i < width; i += V4_LANES) {
        v4 gates[2];
        for (uint32_t gate = RESET; gate <= UPDATE; gate++)
            gates[gate] = v4_sigmoid(
                v4_add(recurrent_load(x, gate, i, width), recurrent_load(product, gate, i, width)));
        const v4 kept = v4_mul(gates[RESET], recurrent_load(product, NEW, i, width));
        const v4 n = recurrent_tanh(v4_add(recurrent_load(x, NEW, i, width), kept));
        const v4 next = v4_add(n, v4_mul(gates[UPDATE], v4_sub(v4_load(h + i), n)));
        v4_store(h + i, next);
        v4_store(y + i, next);
    }
}

static int check(const mlm_op_view *view) { return recurrent_check(view, GATES); }

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    recurrent_needs(view, 1, need);
}

static int run_gru(mlm_run *run) { return recurrent_run(run, step); }

/* r p, z (h - n) */
void mlm_gru_class_counts(const mlm_op_view *view, mlm_work *work) {
    recurrent_counts(view, work, 1, 2, GATES);
}

static const char *const roles[RECURRENT_ROLES] = {"hidden_state", "gates"};

/* mlm-op 61 */
const mlm_op_class mlm_gru_class = {
    .name = "gru",
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
    .run = run_gru,
};

/*
 * layer_loops.c - specifications of ops with matrices: linear layers, convolutions, the scan and its gate.
 */
#include "loops.h"

static int make_linear(kernel_case *c) {
    c->op.width = 1 + case_below(c, 42);
    case_matrix(c, 0, c->op.width, c->size);
    case_maybe_vector(c, 1, c->op.width);
    case_input(c, c->size, c->length);
    c->out_rows = c->length;
    return 1;
}

/* Bias `b` and row `row` of matrix `w`, with x of row t of input `input`. */
static float product(const kernel_case *c, uint32_t w, uint32_t b, uint32_t row, uint32_t columns,
                     uint32_t input, uint32_t t) {
    const float bias = bias_at(c, b, row);
    float sum = sum_before(c, w, bias);
    for (uint32_t i = 0; i < columns; i++) sum += c->w[w][row * columns + i] * at(c, input, t, i);
    return sum_behind(c, w, row, sum, bias);
}

static void linear(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t o = 0; o < c->op.width; o++) *y++ = product(c, 0, 1, o, c->size, 0, t);
}

static int make_embedding(kernel_case *c) {
    const uint32_t vocabulary = 1 + case_below(c, 20);
    c->op.width = c->size;
    c->op.attributes[0] = vocabulary;
    case_tensor(c, 0, MLM_PACK_PANELS, vocabulary, c->size);
    case_input(c, 1, c->length);
    float *tokens = (float *)(uintptr_t)c->x[0];
    for (uint32_t t = 0; t < c->length; t++) tokens[t] = f32_from_bits(case_below(c, vocabulary));
    c->out_rows = c->length;
    return 1;
}

static void embedding(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++)
            *y++ = c->w[0][f32_bits(c->x[0][t]) * c->op.width + i];
}

static int make_gate(kernel_case *c) {
    const uint32_t inner = 1 + case_below(c, 9);
    if (c->op.variant == 7 || c->op.variant == 8) return 0;
    c->op.width = c->size;
    case_matrix(c, 0, c->size, inner);
    case_maybe_vector(c, 1, c->size);
    case_input(c, c->size, c->length);
    case_input(c, inner, c->length);
    c->out_rows = c->length;
    return 1;
}

static void gate(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++)
            *y++ = at(c, 0, t, i) *
                   activation_of(c->op.variant, 0.0f, product(c, 0, 1, i, c->widths[1], 1, t));
}

static int make_causal_conv(kernel_case *c) {
    const uint32_t taps = 1 + case_below(c, 6);
    c->op.width = c->size;
    c->op.attributes[0] = taps;
    c->op.attributes[1] = case_below(c, 2) ? case_below(c, taps) : 0;
    c->op.attributes[2] = case_below(c, 2);
    case_tensor(c, 0, MLM_PACK_GROUPS, c->size, taps);
    case_maybe_vector(c, 1, c->size);
    case_input(c, c->size, c->length);
    c->out_rows = c->length;
    return 1;
}

/* Element of input 0 with zeros around the sequence. */
static float padded_at(const kernel_case *c, int64_t t, uint32_t channel) {
    return t < 0 || t >= c->rows[0] ? 0.0f : at(c, 0, (uint32_t)t, channel);
}

static void causal_conv(const kernel_case *c, float *y) {
    const uint32_t taps = c->op.attributes[0], ahead = c->op.attributes[1];
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) {
            float sum = bias_at(c, 1, i);
            for (uint32_t k = 0; k < taps; k++)
                sum += c->w[0][i * taps + k] * padded_at(c, (int64_t)t + ahead + k + 1 - taps, i);
            *y++ = c->op.attributes[2] ? silu_of(sum) : sum;
        }
}

enum { TAPS, STRIDE, DILATION, BEFORE, AFTER, GROUPS };

/* Output channels of a group, and the rows of weights that they have, padded where there are groups. */
static uint32_t group_outputs(const kernel_case *c) {
    return c->op.width / c->op.attributes[GROUPS];
}
static uint32_t group_rows(const kernel_case *c) {
    return c->op.attributes[GROUPS] > 1 ? mlm_padded(group_outputs(c)) : c->op.width;
}

static int make_conv1d(kernel_case *c) {
    uint32_t *a = c->op.attributes;
    const uint32_t choices[] = {1, 1, 2, c->size};
    a[TAPS] = 1 + case_below(c, 5);
    a[STRIDE] = 1 + case_below(c, 3) * case_below(c, 3);
    a[DILATION] = 1 + case_below(c, 2) * case_below(c, 3);
    const uint32_t span = (a[TAPS] - 1) * a[DILATION] + 1;
    a[BEFORE] = case_below(c, span);
    a[AFTER] = case_below(c, span);
    a[GROUPS] = choices[case_below(c, 4)];
    const uint32_t inputs = a[GROUPS] == 1 ? c->size : 1 + case_below(c, 3);
    c->op.width = a[GROUPS] * (1 + case_below(c, a[GROUPS] == 1 ? 20 : 3));
    const uint32_t columns = a[TAPS] * inputs, rows = a[GROUPS] * group_rows(c);
    float *w = case_matrix(c, 0, rows, columns);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t i = 0; i < columns; i++)
            if (row % group_rows(c) >= group_outputs(c)) w[row * columns + i] = 0.0f;
    case_maybe_vector(c, 1, c->op.width);
    case_input(c, a[GROUPS] * inputs, c->length);
    const uint32_t padded = c->length + a[BEFORE] + a[AFTER];
    c->out_rows = padded < span ? 0 : (padded - span) / a[STRIDE] + 1;
    return 1;
}

static void conv1d(const kernel_case *c, float *y) {
    const uint32_t *a = c->op.attributes, inputs = c->widths[0] / a[GROUPS];
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t o = 0; o < c->op.width; o++) {
            const uint32_t group = o / group_outputs(c);
            const uint32_t row = group * group_rows(c) + o % group_outputs(c);
            const float *w = c->w[0] + row * a[TAPS] * inputs;
            const float bias = bias_at(c, 1, o);
            float sum = sum_before(c, 0, bias);
            for (uint32_t j = 0; j < a[TAPS]; j++)
                for (uint32_t i = 0; i < inputs; i++) {
                    const int64_t t = (int64_t)r * a[STRIDE] - a[BEFORE] + j * a[DILATION];
                    sum += *w++ * padded_at(c, t, group * inputs + i);
                }
            *y++ = sum_behind(c, 0, row, sum, bias);
        }
}

enum { MOST_STATES = 17, MOST_RANDOM_STATES = 5 };

static int make_scan(kernel_case *c) {
    const uint32_t states = 1 + case_below(c, MOST_RANDOM_STATES), rank = 1 + case_below(c, 5);
    c->op.width = c->size;
    c->op.attributes[0] = states;
    c->op.attributes[1] = rank;
    case_float_attribute(c, 2, -2.0f);
    case_matrix(c, 0, c->size, rank);
    case_maybe_vector(c, 1, c->size);
    float *a = case_tensor(c, 2, MLM_PACK_GROUPS, c->size, states);
    for (uint32_t i = 0; i < c->size * states; i++) a[i] = a[i] > 0.0f ? -a[i] : 2.0f * a[i];
    case_vector(c, 3, c->size);
    case_input(c, c->size, c->length);
    case_input(c, rank + 2 * states, c->length);
    c->out_rows = c->length;
    return 1;
}

static void scan(const kernel_case *c, float *y) {
    const uint32_t states = c->op.attributes[0], rank = c->op.attributes[1];
    for (uint32_t i = 0; i < c->op.width; i++) {
        float h[MOST_STATES] = {0.0f};
        for (uint32_t t = 0; t < c->out_rows; t++) {
            const float dt = softplus_of(product(c, 0, 1, i, rank, 1, t)), x = at(c, 0, t, i);
            float sum = x * c->w[3][i];
            for (uint32_t n = 0; n < states; n++) {
                const float b = at(c, 1, t, rank + 2 * n), to_y = at(c, 1, t, rank + 2 * n + 1);
                h[n] = exp2_of(dt * c->w[2][i * states + n]) * h[n] + dt * x * b;
                sum += h[n] * to_y;
            }
            y[t * c->op.width + i] = sum;
        }
    }
}

enum { HEADS, HEAD_GROUPS, HEAD_STATES, LEAST_DT, MOST_DT };

/* A quarter of the cases without limits of dt. */
static int make_ssd_scan(kernel_case *c) {
    uint32_t *a = c->op.attributes;
    a[HEAD_GROUPS] = 1 + case_below(c, 2);
    a[HEADS] = a[HEAD_GROUPS] * (1 + case_below(c, 3));
    a[HEAD_STATES] = 1 + case_below(c, MOST_RANDOM_STATES);
    const int limited = case_below(c, 4) > 0;
    case_float_attribute(c, LEAST_DT, limited ? 0.25f : 0.0f);
    case_float_attribute(c, MOST_DT, limited ? 1.5f : f32_from_bits(MLM_INFINITY_BITS));
    c->op.width = a[HEADS] * c->size;
    case_maybe_vector(c, 0, a[HEADS]);
    float *rates = case_tensor(c, 1, MLM_PACK_VECTOR, a[HEADS], 1);
    for (uint32_t i = 0; i < a[HEADS]; i++)
        rates[i] = rates[i] > 0.0f ? -rates[i] : 2.0f * rates[i] - 0.125f;
    case_vector(c, 2, c->op.width);
    case_input(c, c->op.width + 2 * a[HEAD_GROUPS] * a[HEAD_STATES], c->length);
    case_input(c, a[HEADS], c->length);
    c->out_rows = c->length;
    return 1;
}

static void ssd_scan(const kernel_case *c, float *y) {
    const uint32_t *a = c->op.attributes, width = c->op.width, states = a[HEAD_STATES];
    const float least = f32_from_bits(a[LEAST_DT]), most = f32_from_bits(a[MOST_DT]);
    for (uint32_t i = 0; i < width; i++) {
        const uint32_t head = i / (width / a[HEADS]), group = head / (a[HEADS] / a[HEAD_GROUPS]);
        float h[MOST_STATES] = {0.0f};
        for (uint32_t t = 0; t < c->out_rows; t++) {
            const float raw = at(c, 1, t, head);
            const float dt = softplus_of(has_tensor(c, 0) ? raw + c->w[0][head] : raw);
            const float step = smaller(larger(dt, least), most), x = at(c, 0, t, i);
            const float da = exp2_of(step * c->w[1][head]);
            float sum = x * c->w[2][i];
            for (uint32_t n = 0; n < states; n++) {
                const uint32_t bc = width + 2 * (group * states + n);
                h[n] = da * h[n] + step * x * at(c, 0, t, bc);
                sum += h[n] * at(c, 0, t, bc + 1);
            }
            y[t * width + i] = sum;
        }
    }
}

/* ---- recurrent layers ------------------------------------------------------------------------------- */

enum { GRU_GATES = 3, LSTM_GATES = 4, MOST_HIDDEN = 64 };

static int make_recurrent(kernel_case *c, uint32_t gates) {
    c->op.width = c->size;
    case_matrix(c, 0, gates * c->size, c->size);
    case_maybe_vector(c, 1, gates * c->size);
    case_input(c, gates * c->size, c->length);
    c->out_rows = c->length;
    return 1;
}

static int make_gru(kernel_case *c) { return make_recurrent(c, GRU_GATES); }
static int make_lstm(kernel_case *c) { return make_recurrent(c, LSTM_GATES); }

/* What the hidden state before row `t` adds to channel `i` of a gate; y: all rows. */
static float of_hidden(const kernel_case *c, const float *y, uint32_t t, uint32_t gate,
                       uint32_t i) {
    const uint32_t width = c->op.width, row = gate * width + i;
    const float bias = bias_at(c, 1, row);
    float sum = sum_before(c, 0, bias);
    for (uint32_t k = 0; k < width; k++)
        sum += c->w[0][row * width + k] * (t > 0 ? y[(t - 1) * width + k] : 0.0f);
    return sum_behind(c, 0, row, sum, bias);
}

static float gate_sum(const kernel_case *c, const float *y, uint32_t t, uint32_t gate, uint32_t i) {
    return at(c, 0, t, gate * c->op.width + i) + of_hidden(c, y, t, gate, i);
}

static void gru(const kernel_case *c, float *y) {
    const uint32_t width = c->op.width;
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < width; i++) {
            const float before = t > 0 ? y[(t - 1) * width + i] : 0.0f;
            const float r = sigmoid_of(gate_sum(c, y, t, 0, i));
            const float z = sigmoid_of(gate_sum(c, y, t, 1, i));
            const float n = tanh_of(at(c, 0, t, 2 * width + i) + r * of_hidden(c, y, t, 2, i));
            y[t * width + i] = n + z * (before - n);
        }
}

static void lstm(const kernel_case *c, float *y) {
    float cells[MOST_HIDDEN] = {0.0f};
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) {
            const float in = sigmoid_of(gate_sum(c, y, t, 0, i));
            const float kept = sigmoid_of(gate_sum(c, y, t, 1, i)) * cells[i];
            cells[i] = kept + in * tanh_of(gate_sum(c, y, t, 2, i));
            y[t * c->op.width + i] = sigmoid_of(gate_sum(c, y, t, 3, i)) * tanh_of(cells[i]);
        }
}

const kernel_spec layer_specs[] = {
    {1, make_linear, linear, 0},
    {2, make_embedding, embedding, 0},
    {11, make_causal_conv, causal_conv, 0},
    {12, make_conv1d, conv1d, 0},
    {26, make_scan, scan, 0},
    {28, make_gate, gate, 0},
    {61, make_gru, gru, 0},
    {62, make_lstm, lstm, 0},
    {71, make_ssd_scan, ssd_scan, 0},
    {0, 0, 0, 0},
};

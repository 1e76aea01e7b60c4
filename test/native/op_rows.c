/*
 * op_rows.c - the kinds of ops by the format's own words: widths, tensors, clocks and attributes. One row a
 * kind; builder, random networks and fuzzer use it. Written from the format, not from the core.
 */
#include "network.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint32_t free_width(const net_view *v) {
    (void)v;
    return NO_WIDTH;
}

static tensor_form needed(uint32_t packing, uint32_t rows, uint32_t columns, fill content) {
    return (tensor_form){packing, rows, columns, content, 0, MLM_DTYPE_F32};
}
static tensor_form vector_of(uint32_t rows, fill content) {
    return (tensor_form){MLM_PACK_VECTOR, rows, 1, content, 0, MLM_DTYPE_F32};
}
static tensor_form maybe_vector(uint32_t rows, fill content) {
    return (tensor_form){MLM_PACK_VECTOR, rows, 1, content, 1, MLM_DTYPE_F32};
}

static const float epsilons[] = {1e-5f, 1e-6f, 1e-3f};

static int choose_width(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v, (void)rows;
    op->width = choose_between(from, 1, 20);
    return 1;
}

/* ---- layers ------------------------------------------------------------------------------------- */

static void linear_tensors(const net_view *v, tensor_form *t) {
    t[0] = needed(MLM_PACK_PANELS, v->op->width, v->widths[0], FILL_WEIGHT);
    t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

static void embedding_tensors(const net_view *v, tensor_form *t) {
    t[0] = needed(MLM_PACK_PANELS, v->op->attributes[0], v->op->width, FILL_WEIGHT);
}

static int choose_embedding(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    op->attributes[0] = choose_between(from, 1, 30);
    return choose_width(from, v, op, rows);
}

/* The filters' rows follow from the bins, which are made with the tensors. */
static void logmel_tensors(const net_view *v, tensor_form *t) {
    t[0] = vector_of(v->op->attributes[0], FILL_POSITIVE);
    t[1] = vector_of(v->op->attributes[2], FILL_TWIDDLES);
    t[2] = vector_of(2 * v->op->width, FILL_BINS);
    t[3] = vector_of(1, FILL_POSITIVE);
}

/* Small transforms, any window and any hop. Floors are low: of a row that lies on the floor altogether a
 * layer norm makes noise. */
static int choose_logmel(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    op->attributes[2] = 4u << choose(from, 5);
    op->attributes[0] = choose_between(from, 1, op->attributes[2]);
    op->attributes[1] = choose_between(from, 1, op->attributes[0]);
    op->attributes[3] = 16000;
    op->attributes[4] = bits_of(choose(from, 2) ? 1e-3f : 0.05f);
    return choose_width(from, v, op, rows);
}

static void affine_tensors(const net_view *v, tensor_form *t) {
    t[0] = vector_of(v->op->width, FILL_SCALE);
    t[1] = vector_of(v->op->width, FILL_SMALL);
}

enum { LEAKY_RELU = 7, ELU = 8, DIVIDE = 3, LAYER_NORM = 1 };

static int choose_activation(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v, (void)rows;
    if (op->variant == LEAKY_RELU || op->variant == ELU)
        op->attributes[0] = bits_of(0.125f * (float)choose_between(from, 0, 9));
    return 1;
}

static void norm_tensors(const net_view *v, tensor_form *t) {
    t[0] = vector_of(v->op->width, FILL_SCALE);
    if (v->op->variant == LAYER_NORM) t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

static int choose_norm(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v, (void)rows;
    op->attributes[0] = bits_of(epsilons[choose(from, 3)]);
    return 1;
}

static uint32_t sum_of_widths(const net_view *v) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < v->inputs; i++) sum += v->widths[i];
    return sum;
}

static int choose_slice(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    op->attributes[0] = choose(from, v->widths[0]);
    op->width = choose_between(from, 1, v->widths[0] - op->attributes[0]);
    return 1;
}

/* ---- windows ------------------------------------------------------------------------------------ */

static void causal_tensors(const net_view *v, tensor_form *t) {
    t[0] = needed(MLM_PACK_GROUPS, v->op->width, v->op->attributes[0], FILL_WEIGHT);
    t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

static int causal_clock(const net_view *v, mlm_clock *clock) {
    const uint32_t ahead = v->op->attributes[1];
    *clock = (mlm_clock){1 + ahead, 1, 0, ahead, 1, MLM_NO_INSERT, 0};
    return ahead > 0;
}

static int choose_causal(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v, (void)rows;
    op->attributes[0] = choose_between(from, 1, 6);
    if (choose_rarely(from, 3)) op->attributes[1] = choose(from, op->attributes[0]);
    op->attributes[2] = choose(from, 2);
    return 1;
}

static int window_clock(uint32_t taps, uint32_t hop, uint32_t dilation, uint32_t before,
                        uint32_t after, mlm_clock *clock) {
    const uint32_t span = (taps - 1) * dilation + 1;
    *clock = (mlm_clock){span, hop, before, after, 1, MLM_NO_INSERT, 0};
    return !(hop == 1 && before == span - 1 && after == 0);
}

enum { TAPS, STRIDE, DILATION, BEFORE, AFTER, GROUPS };

static int conv_clock(const net_view *v, mlm_clock *clock) {
    const uint32_t *a = v->op->attributes;
    return window_clock(a[TAPS], a[STRIDE], a[DILATION], a[BEFORE], a[AFTER], clock);
}

static void conv_tensors(const net_view *v, tensor_form *t) {
    const uint32_t groups = v->op->attributes[GROUPS], each = v->op->width / groups;
    const uint32_t rows = groups > 1 ? groups * mlm_padded(each) : each;
    t[0] = needed(MLM_PACK_PANELS, rows, v->op->attributes[TAPS] * (v->widths[0] / groups),
                  groups > 1 ? FILL_PADDED_GROUPS : FILL_WEIGHT);
    t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

/* As networks have them: causal, centred or anyhow. */
static void choose_padding(choices *from, uint32_t span, uint32_t *before, uint32_t *after) {
    switch (choose(from, 4)) {
        case 0: *before = span - 1, *after = 0; break;
        case 1: *before = (span - 1) / 2, *after = (span - 1) / 2; break;
        default: *before = choose(from, span), *after = choose(from, span); break;
    }
}

static int choose_conv(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    uint32_t *a = op->attributes;
    (void)rows;
    a[TAPS] = choose_between(from, 1, 4);
    a[STRIDE] = choose(from, 3) ? 1 : choose_between(from, 1, 3);
    a[DILATION] = choose(from, 3) ? 1 : choose_between(from, 1, 3);
    choose_padding(from, (a[TAPS] - 1) * a[DILATION] + 1, &a[BEFORE], &a[AFTER]);
    const uint32_t input = v->widths[0];
    const uint32_t groups[] = {1, input, input % 2 ? 1 : 2, 1};
    a[GROUPS] = groups[choose(from, 4)];
    op->width = a[GROUPS] * choose_between(from, 1, a[GROUPS] == 1 ? 12 : 2);
    return 1;
}

static int pool_clock(const net_view *v, mlm_clock *clock) {
    const uint32_t *a = v->op->attributes;
    return window_clock(a[0], a[1], 1, a[2], a[3], clock);
}

static int choose_window_pool(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    uint32_t *a = op->attributes;
    (void)v, (void)rows;
    a[0] = choose_between(from, 1, 4);
    a[1] = choose_between(from, 1, 3);
    choose_padding(from, a[0], &a[2], &a[3]);
    a[4] = choose(from, 2);
    return 1;
}

static uint32_t unfold_width(const net_view *v) { return v->op->attributes[0] * v->widths[0]; }

static int unfold_clock(const net_view *v, mlm_clock *clock) {
    return window_clock(v->op->attributes[0], v->op->attributes[1], 1, 0, 0, clock);
}

static int choose_unfold(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v, (void)rows;
    op->attributes[0] = choose_between(from, 1, 4);
    op->attributes[1] = choose_between(from, 1, 4);
    return 1;
}

/* ---- rows --------------------------------------------------------------------------------------- */

static int upsample_clock(const net_view *v, mlm_clock *clock) {
    *clock = (mlm_clock){1, 1, 0, 0, v->op->attributes[0], MLM_NO_INSERT, 0};
    return v->op->attributes[0] != 1;
}

static int choose_upsample(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v, (void)rows;
    op->attributes[0] = choose_between(from, 1, 3);
    return 1;
}

static int insert_clock(const net_view *v, mlm_clock *clock) {
    *clock = (mlm_clock){1, 1, 0, 0, 1, v->op->attributes[0], 0};
    return 1;
}

static void insert_tensors(const net_view *v, tensor_form *t) {
    t[0] = vector_of(v->op->width, FILL_SMALL);
}

static int choose_insert(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v;
    const uint32_t positions[] = {0, MLM_INSERT_END, choose_between(from, 0, rows)};
    op->attributes[0] = positions[choose(from, 3)];
    return 1;
}

static void positions_tensors(const net_view *v, tensor_form *t) {
    t[0] = vector_of(v->op->attributes[0] * v->op->width, FILL_SMALL);
}

static uint32_t most_rows(const net_view *v) {
    const uint32_t clock = net_clock_of(v->net, v->op->inputs[0]), most = v->net->max_frames;
    return clock == MLM_NO_CLOCK || most == 0 ? 0 : net_total_rows(v->net, clock, most);
}

static int choose_positions(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    op->attributes[0] = most_rows(v) + choose(from, 3);
    return most_rows(v) > 0;
}

static uint32_t transposed_width(const net_view *v) { return most_rows(v); }

static int transpose_clock(const net_view *v, mlm_clock *clock) {
    *clock = (mlm_clock){1, 1, 0, 0, 1, MLM_NO_INSERT, v->widths[0]};
    return 1;
}

static int choose_transpose(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)from, (void)op;
    return rows > 0 && most_rows(v) == rows;
}

static int choose_sequence_norm(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    const uint32_t width = v->widths[0];
    const uint32_t groups[] = {1, width, width % 2 ? 1 : 2};
    op->attributes[0] = groups[choose(from, 3)];
    op->attributes[1] = bits_of(epsilons[choose(from, 3)]);
    return rows > 0;
}

static void sequence_norm_tensors(const net_view *v, tensor_form *t) {
    t[0] = maybe_vector(v->op->width, FILL_SCALE);
    t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

static int choose_whole(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)from, (void)v, (void)op;
    return rows > 0;
}

/* ---- pools -------------------------------------------------------------------------------------- */

enum { POOL_ROW = 5, POOL_STD = 7 };

static int choose_pool(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)v;
    if (rows == 0) return 0;
    if (op->variant == POOL_ROW) op->attributes[0] = choose(from, rows);
    if (op->variant == POOL_STD) {
        op->attributes[0] = choose(from, 2) ? bits_of(epsilons[choose(from, 3)]) : 0;
        op->attributes[1] = rows > 1 ? choose(from, 2) : 0;
    }
    return 1;
}

static uint32_t flattened(const net_view *v) { return v->op->attributes[0] * v->widths[0]; }

static int choose_flatten(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    op->attributes[0] = rows;
    op->width = choose_between(from, 1, 12);
    return rows > 0 && most_rows(v) == rows;
}

static void flatten_linear_tensors(const net_view *v, tensor_form *t) {
    t[0] = needed(MLM_PACK_PANELS, v->op->width, flattened(v), FILL_WEIGHT);
    t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

/* ---- Mamba -------------------------------------------------------------------------------------- */

enum { STATES, RANK, LOWEST_A };

static void scan_tensors(const net_view *v, tensor_form *t) {
    const uint32_t width = v->op->width, *a = v->op->attributes;
    t[0] = needed(MLM_PACK_PANELS, width, a[RANK], FILL_WEIGHT);
    t[1] = maybe_vector(width, FILL_DT_BIAS);
    t[2] = needed(MLM_PACK_GROUPS, width, a[STATES], FILL_A);
    t[3] = vector_of(width, FILL_SCALE);
}

static void ssm_norm_tensors(const net_view *v, tensor_form *t) {
    t[0] = maybe_vector(v->op->attributes[0], FILL_SCALE);
    t[1] = maybe_vector(v->op->attributes[1], FILL_SCALE);
    t[2] = maybe_vector(v->op->attributes[1], FILL_SCALE);
}

static void gate_tensors(const net_view *v, tensor_form *t) {
    t[0] = needed(MLM_PACK_PANELS, v->op->width, v->widths[1], FILL_WEIGHT);
    t[1] = maybe_vector(v->op->width, FILL_SMALL);
}

static int choose_gate(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)from, (void)v, (void)rows;
    return op->variant != LEAKY_RELU && op->variant != ELU;
}

/* Width and inputs are made together (network_random.c). */
enum { SSD_HEADS, SSD_GROUPS, SSD_STATES, SSD_LEAST_DT, SSD_MOST_DT };

static void ssd_scan_tensors(const net_view *v, tensor_form *t) {
    t[0] = maybe_vector(v->op->attributes[SSD_HEADS], FILL_DT_BIAS);
    t[1] = vector_of(v->op->attributes[SSD_HEADS], FILL_A);
    t[2] = vector_of(v->op->width, FILL_SCALE);
}

static void grouped_norm_tensors(const net_view *v, tensor_form *t) {
    t[0] = vector_of(v->op->width, FILL_SCALE);
}

static int choose_grouped_norm(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    const uint32_t width = v->widths[0];
    const uint32_t groups[] = {1, width % 3 ? 1 : 3, width % 2 ? 1 : 2};
    (void)rows;
    op->attributes[0] = groups[choose(from, 3)];
    op->attributes[1] = bits_of(epsilons[choose(from, 3)]);
    return 1;
}

/* ---- time and bands ------------------------------------------------------------------------------- */

enum { BANDS = 6, POOL_BANDS = 5, MOST_BANDS = 6 };

static uint32_t bands_out(const net_op *op, uint32_t attribute) {
    return op->attributes[attribute] >> 16;
}

/* How the rows of `width` are divided into bands, and the windows over them. */
static void choose_bands(choices *from, uint32_t width, net_op *op, uint32_t attribute) {
    const uint32_t in = width % 4 == 0 ? 4 : width % 3 == 0 ? 3 : width <= MOST_BANDS ? width : 1;
    const uint32_t taps = choose_between(from, 1, 3), hop = choose_between(from, 1, 2);
    const uint32_t before = choose(from, taps);
    const uint32_t out = choose_between(from, 1, (in + before - 1) / hop + 1);
    op->attributes[attribute] = in | out << 16;
    op->attributes[attribute + 1] = taps | hop << 8 | 1u << 16 | before << 24;
}

enum { CONV2D_DEPTHWISE = 1 };

static void conv2d_tensors(const net_view *v, tensor_form *t) {
    const uint32_t *a = v->op->attributes, groups = a[GROUPS];
    const uint32_t each = v->op->width / bands_out(v->op, BANDS) / groups;
    const uint32_t inputs = v->widths[0] / (a[BANDS] & 0xFFFF) / groups;
    const uint32_t columns = a[TAPS] * (a[BANDS + 1] & 0xFF) * inputs;
    t[0] = v->op->variant == CONV2D_DEPTHWISE
               ? vector_of(columns * mlm_padded(groups), FILL_SMALL)
               : needed(MLM_PACK_PANELS, groups > 1 ? groups * mlm_padded(each) : each, columns,
                        groups > 1 ? FILL_PADDED_GROUPS : FILL_WEIGHT);
    t[1] = maybe_vector(each * groups, FILL_SMALL);
}

static int choose_conv2d(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    uint32_t *a = op->attributes;
    (void)rows;
    a[TAPS] = choose_between(from, 1, 3);
    a[STRIDE] = choose_between(from, 1, 2);
    a[DILATION] = choose(from, 3) ? 1 : 2;
    choose_padding(from, (a[TAPS] - 1) * a[DILATION] + 1, &a[BEFORE], &a[AFTER]);
    choose_bands(from, v->widths[0], op, BANDS);
    const uint32_t channels = v->widths[0] / (a[BANDS] & 0xFFFF);
    const int depthwise = op->variant == CONV2D_DEPTHWISE;
    a[GROUPS] = depthwise ? channels : channels % 2 || choose(from, 2) ? 1 : 2;
    op->width = bands_out(op, BANDS) * a[GROUPS] * (depthwise ? 1 : choose_between(from, 1, 3));
    return 1;
}

static uint32_t pool2d_width(const net_view *v) {
    const uint32_t bands = v->op->attributes[POOL_BANDS];
    return (bands & 0xFFFF) == 0 ? 0 : v->widths[0] / (bands & 0xFFFF) * (bands >> 16);
}

static int choose_pool2d(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    uint32_t *a = op->attributes;
    (void)rows;
    a[0] = choose_between(from, 1, 3);
    a[1] = choose_between(from, 1, 3);
    choose_padding(from, a[0], &a[2], &a[3]);
    a[4] = choose(from, 2);
    choose_bands(from, v->widths[0], op, POOL_BANDS);
    return 1;
}

static uint32_t split_width(const net_view *v) {
    const uint32_t count = v->op->attributes[0];
    return count == 0 ? 0 : v->widths[0] / count;
}

static int choose_split(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    uint32_t count = choose_between(from, 1, 4);
    while (v->widths[0] % count) count--;
    op->attributes[0] = count;
    return 1;
}

#include "op_rows_int.h"
#include "op_rows_later.h"

const op_row op_rows[EVERY_KIND] = {
    [LINEAR] = {"linear", 1, 1, 1, 0, 0, linear_tensors, free_width, NULL, choose_width, 0},
    [EMBEDDING] = {"embedding", 1, 1, 1, 1, ROW_FRONT, embedding_tensors, free_width, NULL,
                   choose_embedding, 0},
    [LOGMEL] = {"logmel", 1, 1, 1, 5, ROW_FRONT, logmel_tensors, free_width, NULL, choose_logmel,
                0},
    [AFFINE] = {"affine", 1, 1, 1, 0, 0, affine_tensors, NULL, NULL, NULL, 0},
    [ACTIVATION] = {"activation", 1, 1, 12, 1, 0, NULL, NULL, NULL, choose_activation, 0},
    [ARITHMETIC] = {"arithmetic", 2, 2, 6, 0, ROW_BROADCAST, NULL, NULL, NULL, NULL, 0},
    [NORM] = {"norm", 1, 1, 2, 1, 0, norm_tensors, NULL, NULL, choose_norm, 0},
    [SOFTMAX] = {"softmax", 1, 1, 2, 0, 0, NULL, NULL, NULL, NULL, 0},
    [CONCAT] = {"concat", 1, 4, 1, 0, ROW_BROADCAST | ROW_MOVES, NULL, sum_of_widths, NULL, NULL,
                0},
    [SLICE] = {"slice", 1, 1, 1, 1, ROW_MOVES, NULL, free_width, NULL, choose_slice, 0},
    [CAUSAL_CONV] = {"causal_conv", 1, 1, 1, 3, ROW_SEQUENCE, causal_tensors, NULL, causal_clock,
                     choose_causal, 0},
    [CONV1D] = {"conv1d", 1, 1, 1, 6, ROW_SEQUENCE, conv_tensors, free_width, conv_clock,
                choose_conv, 0},
    [WINDOW_POOL] = {"window_pool", 1, 1, 2, 5, ROW_SEQUENCE, NULL, NULL, pool_clock,
                     choose_window_pool, 0},
    [UNFOLD] = {"unfold", 1, 1, 2, 2, ROW_SEQUENCE | ROW_MOVES, NULL, unfold_width, unfold_clock,
                choose_unfold, 0},
    [UPSAMPLE] = {"upsample", 1, 1, 1, 1, ROW_SEQUENCE | ROW_MOVES, NULL, NULL, upsample_clock,
                  choose_upsample, 0},
    [INSERT_ROW] = {"insert_row", 1, 1, 1, 1, ROW_SEQUENCE, insert_tensors, NULL, insert_clock,
                    choose_insert, 0},
    [POSITIONS] = {"positions", 1, 1, 1, 1, ROW_SEQUENCE, positions_tensors, NULL, NULL,
                   choose_positions, 0},
    [ALIGN] = {"align", 2, 2, 1, 0, ROW_SEQUENCE | ROW_PACED | ROW_MOVES, NULL, NULL, NULL, NULL,
               0},
    [REVERSE] = {"reverse", 1, 1, 1, 0, ROW_SEQUENCE | ROW_WHOLE | ROW_MOVES, NULL, NULL, NULL,
                 choose_whole, 0},
    [TRANSPOSE] = {"transpose", 1, 1, 1, 0, ROW_SEQUENCE | ROW_WHOLE | ROW_MOVES, NULL,
                   transposed_width, transpose_clock, choose_transpose, 0},
    [SEQUENCE_NORM] = {"sequence_norm", 1, 1, 1, 2, ROW_SEQUENCE | ROW_WHOLE, sequence_norm_tensors,
                       NULL, NULL, choose_sequence_norm, 0},
    [POOL] = {"pool", 1, 1, 8, 2, ROW_SEQUENCE | ROW_POOL, NULL, NULL, NULL, choose_pool, 0},
    [ATTENTION_POOL] = {"attention_pool", 2, 2, 1, 0, ROW_SEQUENCE | ROW_POOL, NULL, NULL, NULL,
                        choose_whole, 0},
    [FLATTEN] = {"flatten", 1, 1, 1, 1, ROW_SEQUENCE | ROW_POOL | ROW_MOVES, NULL, flattened, NULL,
                 choose_flatten, 0},
    [FLATTEN_LINEAR] = {"flatten_linear", 1, 1, 1, 1, ROW_SEQUENCE | ROW_POOL,
                        flatten_linear_tensors, free_width, NULL, choose_flatten, 0},
    [SELECTIVE_SCAN] = {"selective_scan", 2, 2, 1, 3, ROW_SEQUENCE, scan_tensors, NULL, NULL, NULL,
                        0},
    [SSM_NORM] = {"ssm_norm", 1, 1, 1, 3, 0, ssm_norm_tensors, NULL, NULL, NULL, 0},
    [GATE] = {"gate", 2, 2, 11, 0, 0, gate_tensors, NULL, NULL, choose_gate, 0},
    [GRU] = GRU_ROW,
    [LSTM] = LSTM_ROW,
    [ATTENTION] = ATTENTION_ROW,
    [QUANTIZE] = QUANTIZE_ROW,
    [DEQUANTIZE] = DEQUANTIZE_ROW,
    [INTEGER_KINDS + LINEAR] = LINEAR_INT_ROW,
    [INTEGER_KINDS + EMBEDDING] = EMBEDDING_INT_ROW,
    [INTEGER_KINDS + LOGMEL] = LOGMEL_INT_ROW,
    [INTEGER_KINDS + ACTIVATION] = ACTIVATION_INT_ROW,
    [INTEGER_KINDS + ARITHMETIC] = ARITHMETIC_INT_ROW,
    [INTEGER_KINDS + NORM] = NORM_INT_ROW,
    [INTEGER_KINDS + CAUSAL_CONV] = CAUSAL_CONV_INT_ROW,
    [INTEGER_KINDS + POOL] = POOL_INT_ROW,
    [INTEGER_KINDS + SELECTIVE_SCAN] = SELECTIVE_SCAN_INT_ROW,
    [INTEGER_KINDS + GATE] = GATE_INT_ROW,
    [SSD_SCAN] = {"ssd_scan", 2, 2, 1, 5, ROW_SEQUENCE, ssd_scan_tensors, free_width, NULL, NULL,
                  0},
    [CONV2D] = {"conv2d", 1, 1, 2, 8, ROW_SEQUENCE, conv2d_tensors, free_width, conv_clock,
                choose_conv2d, 0},
    [POOL2D] = {"pool2d", 1, 1, 2, 7, ROW_SEQUENCE, NULL, pool2d_width, pool_clock, choose_pool2d,
                0},
    [SPLIT_ROWS] = {"split_rows", 1, 1, 1, 1, ROW_SEQUENCE, NULL, split_width, upsample_clock,
                    choose_split, 0},
    [GROUPED_NORM] = {"grouped_norm", 1, 1, 1, 2, 0, grouped_norm_tensors, NULL, NULL,
                      choose_grouped_norm, 0},
    [CONV2D_INT] = CONV2D_INT_ROW,
    [POOL2D_INT] = POOL2D_INT_ROW,
};

int net_is_float_kind(uint32_t kind) {
    return kind < LATER_END && op_rows[kind].name && (kind < KINDS || kind >= LATER_KINDS);
}

uint32_t net_float_kinds(void) {
    uint32_t count = 0;
    for (uint32_t kind = 0; kind < EVERY_KIND; kind++) count += !!net_is_float_kind(kind);
    return count;
}

uint32_t net_float_kind(uint32_t number) {
    uint32_t kind = 0;
    while (!net_is_float_kind(kind) || number-- > 0) kind++;
    return kind;
}

/*
 * network_from_bytes.c - see network_from_bytes.h. Ops are drawn from a table with one row a kind; a new
 * kind is a row here and its tensors in blob_builder.c.
 */
#include "network_from_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Enough for four groups side by side and one more, and for one round of states and one more. */
enum { MOST_WIDTH = 24, MOST_INNER = 40, MOST_STATES = 18, MOST_RANK = 4, MOST_TAPS = 5 };
enum { MOST_VOCABULARY = 12, MOST_BLOCKS = 4, MOST_HEADS = 3, MOST_FRAMES = 10 };
enum { MOST_PATCHES = 12 };
enum { SIDE_BY_SIDE = 4 * MLM_GROUP /* channels whose scan takes turns in the registers */ };

uint32_t read_byte(byte_reader *bytes) { return bytes->next < bytes->end ? *bytes->next++ : 0; }

uint32_t read_between(byte_reader *bytes, uint32_t low, uint32_t high) {
    return low + read_byte(bytes) % (high - low + 1u);
}

/* ---- ops ----------------------------------------------------------------------------------------- */

/* Where an op of a kind may stand. */
enum { OF_TOKENS = 1, OF_SAMPLES = 2, IN_FRAMES = 4, POOLING = 8, IN_HEAD = 16 };

/* Fills in what is special about an op that so far reads the latest value and keeps its width. */
typedef void (*draw_function)(op_spec *op, byte_reader *bytes, const model_spec *spec);

typedef struct op_row {
    uint32_t kind, places;
    draw_function draw;
    uint16_t steering; /* the tensor whose rows decide which way a kernel goes; or MLM_NO_TENSOR */
} op_row;

static uint32_t width_of(const model_spec *spec, uint32_t value) {
    return value ? spec->ops[value - 1u].output_width : spec->input_width;
}

static void draw_linear(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    const op_spec *first = &spec->ops[0];
    const uint32_t choice = read_byte(bytes);
    const int fits = spec->input_kind == MLM_INPUT_TOKENS && op->input_width == first->output_width;
    op->output_width = read_between(bytes, 1, MOST_WIDTH);
    if (choice & 1u) op->optional = OPTIONAL_BIAS;
    if (fits && (choice & 2u)) {
        op->optional = OPTIONAL_TIED;
        op->output_width = first->input_width;
    }
}

static void draw_mamba(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    (void)spec;
    op->d_inner = read_between(bytes, 1, MOST_INNER);
    op->d_state = read_between(bytes, 1, read_between(bytes, 0, 1) ? MOST_STATES : 3);
    op->d_conv = read_between(bytes, 1, MOST_TAPS);
    op->dt_rank = read_between(bytes, 1, MOST_RANK);
    op->optional = read_byte(bytes) % OPTIONAL_TIED;
    op->output_width = read_between(bytes, 1, MOST_WIDTH);
    if (!(op->optional & OPTIONAL_OUT)) {
        op->optional &= ~(uint32_t)OPTIONAL_OUT_BIAS;
        op->output_width = op->d_inner;
    }
}

static void draw_norm(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    static const float epsilons[] = {1e-5f, 1e-12f, 0x1p-126f, 1.0f, 3e38f};
    (void)spec;
    op->variant = read_between(bytes, 0, 1);
    op->epsilon = epsilons[read_between(bytes, 0, sizeof epsilons / sizeof *epsilons - 1u)];
    if (op->variant && read_between(bytes, 0, 1)) op->optional = OPTIONAL_BIAS;
}

/* Which value an add reads besides the latest: the first one from a drawn place on that has its width and
 * lies on its side of the pool. The latest itself always does, unless it is not floats. */
static void draw_add(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    const uint32_t latest = op->inputs[0];
    uint32_t first = spec->input_kind == MLM_INPUT_FRAMES ? 0 : 1;
    for (uint32_t i = 0; i < latest; i++)
        if (spec->ops[i].kind == MLM_OP_POOL) first = i + 1u;
    uint32_t value = read_between(bytes, first, latest);
    while (width_of(spec, value) != op->input_width) value++;
    op->inputs[1] = value;
}

static void draw_three_variants(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    (void)spec;
    op->variant = read_between(bytes, 0, 2);
}

static void draw_nothing(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    (void)op, (void)bytes, (void)spec;
}

static void draw_embedding(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    (void)spec;
    op->input_width = read_between(bytes, 1, MOST_VOCABULARY);
    op->output_width = read_between(bytes, 1, MOST_WIDTH);
}

static void draw_logmel(op_spec *op, byte_reader *bytes, const model_spec *spec) {
    (void)spec;
    op->output_width = read_between(bytes, 1, MOST_WIDTH);
    op->fft = 4u << read_between(bytes, 0, 3);
    op->window = read_between(bytes, 1, op->fft);
    op->hop = read_between(bytes, 1, op->window);
    op->epsilon = read_between(bytes, 0, 1) ? 1e-3f : 0x1p-126f;
}

/* Most of what the core does is the Mamba block's: it has several rows. */
static const op_row rows[] = {
    {MLM_OP_EMBEDDING, OF_TOKENS, draw_embedding, MLM_NO_TENSOR},
    {MLM_OP_LOGMEL, OF_SAMPLES, draw_logmel, MLM_NO_TENSOR},
    {MLM_OP_MAMBA, IN_FRAMES, draw_mamba, MLM_T_DT},
    {MLM_OP_MAMBA, IN_FRAMES, draw_mamba, MLM_T_DT},
    {MLM_OP_MAMBA, IN_FRAMES, draw_mamba, MLM_T_DT},
    {MLM_OP_LINEAR, IN_FRAMES | IN_HEAD, draw_linear, MLM_NO_TENSOR},
    {MLM_OP_NORM, IN_FRAMES | IN_HEAD, draw_norm, MLM_NO_TENSOR},
    {MLM_OP_ADD, IN_FRAMES | IN_HEAD, draw_add, MLM_NO_TENSOR},
    {MLM_OP_ACTIVATION, IN_FRAMES | IN_HEAD, draw_three_variants, MLM_NO_TENSOR},
    {MLM_OP_AFFINE, IN_FRAMES | IN_HEAD, draw_nothing, MLM_NO_TENSOR},
    {MLM_OP_POOL, POOLING, draw_three_variants, MLM_NO_TENSOR},
};

/* One of the rows that may stand at `place`. */
static const op_row *choose_row(byte_reader *bytes, uint32_t place) {
    const op_row *fitting[sizeof rows / sizeof *rows];
    uint32_t count = 0;
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].places & place) fitting[count++] = &rows[i];
    return fitting[read_between(bytes, 0, count - 1u)];
}

static void append_op(model_spec *spec, byte_reader *bytes, uint32_t place) {
    const op_row *row = choose_row(bytes, place);
    const uint32_t latest = spec->op_count, width = width_of(spec, latest);
    op_spec *op = &spec->ops[latest];
    op->kind = row->kind;
    op->inputs[0] = latest;
    op->input_width = op->output_width = width;
    row->draw(op, bytes, spec);
    spec->op_count++;
}

static void draw_spec(model_spec *spec, byte_reader *bytes) {
    static const uint32_t kinds[] = {MLM_INPUT_FRAMES, MLM_INPUT_FRAMES, MLM_INPUT_TOKENS,
                                     MLM_INPUT_SAMPLES};
    memset(spec, 0, sizeof *spec);
    spec->seed = read_byte(bytes);
    spec->dt_offset = read_between(bytes, 0, 7) ? 0.0f : 40.0f;
    spec->input_kind = kinds[read_between(bytes, 0, 3)];
    spec->input_width =
        spec->input_kind == MLM_INPUT_FRAMES ? read_between(bytes, 1, MOST_WIDTH) : 1u;
    if (spec->input_kind == MLM_INPUT_TOKENS) append_op(spec, bytes, OF_TOKENS);
    if (spec->input_kind == MLM_INPUT_SAMPLES) append_op(spec, bytes, OF_SAMPLES);
    for (uint32_t n = read_between(bytes, 0, MOST_BLOCKS); n > 0; n--)
        append_op(spec, bytes, IN_FRAMES);
    append_op(spec, bytes, POOLING);
    for (uint32_t n = read_between(bytes, 0, MOST_HEADS); n > 0; n--)
        append_op(spec, bytes, IN_HEAD);
}

/* ---- weights and inputs at the edge of binary32 --------------------------------------------------- */

/* Finite ones first: weights are finite. */
static const float specials[] = {
    0.0f,    -0.0f,    1.0f,  -1.0f,  0x1p-140f, -0x1p-140f, 0x1.fffffep127f, -0x1.fffffep127f,
    1000.0f, -1000.0f, 2e19f, -2e19f, 0x1p-100f, 127.0f,     INFINITY,        -INFINITY,
    NAN};
enum { SPECIALS = sizeof specials / sizeof *specials, FINITE_SPECIALS = SPECIALS - 3 };

/* A tensor while it is being patched. */
typedef struct target {
    blob *b;
    uint16_t index;
    const mlm_blob_tensor *tensor;
} target;

static void set_row(target t, uint32_t row, float even, float odd) {
    for (uint32_t column = 0; column < t.tensor->columns; column++)
        blob_set_weight(t.b, t.index, row, column, column % 2u ? odd : even);
}

static void set_column(target t, uint32_t column, float value) {
    for (uint32_t row = 0; row < t.tensor->rows; row++)
        blob_set_weight(t.b, t.index, row, column, value);
}

/* The same lane of four groups that go side by side, each left alone or sent a way of its own: to
 * NaN (infinities of both signs in one sum), to exponents that run out, to infinity. */
static void set_lane(target t, uint32_t row, uint32_t roles) {
    for (row = row / SIDE_BY_SIDE * SIDE_BY_SIDE + row % MLM_GROUP;
         roles > 0 && row < t.tensor->rows; row += MLM_GROUP, roles /= 4u) {
        const float even[] = {0.0f, 0x1.fffffep127f, 1000.0f, 0x1.fffffep127f};
        const float odd[] = {0.0f, -0x1.fffffep127f, 1000.0f, 0x1.fffffep127f};
        if (roles % 4u) set_row(t, row, even[roles % 4u], odd[roles % 4u]);
    }
}

static void patch(target t, byte_reader *bytes) {
    const uint32_t row = read_byte(bytes) % t.tensor->rows;
    const uint32_t column = read_byte(bytes) % t.tensor->columns;
    const uint32_t extent = read_between(bytes, 0, 5), choice = read_byte(bytes);
    const float value = specials[choice % FINITE_SPECIALS];
    switch (extent) {
        case 0: blob_set_weight(t.b, t.index, row, column, value); break;
        case 1: set_row(t, row, value, value); break;
        case 2: set_column(t, column, value); break;
        default: set_lane(t, row, choice); break;
    }
}

/* A tensor of the model: any, or one that steers a drawn op if that has one. */
static uint32_t choose_tensor(const mlm_model *model, byte_reader *bytes) {
    const uint32_t choice = read_byte(bytes);
    const mlm_blob_op *op = &mlm_ops(model)[choice / 2u % mlm_header(model)->op_count];
    if (choice % 2u)
        for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (rows[i].kind == op->kind && rows[i].steering != MLM_NO_TENSOR)
                return op->tensors[rows[i].steering];
    return choice / 2u % mlm_header(model)->tensor_count;
}

static void patch_weights(blob *b, byte_reader *bytes) {
    const mlm_model model = {b->bytes};
    const uint32_t count = mlm_header(&model)->tensor_count;
    for (uint32_t n = read_between(bytes, 0, MOST_PATCHES); count > 0 && n > 0; n--) {
        const uint32_t index = choose_tensor(&model, bytes);
        const target t = {b, (uint16_t)index, &mlm_tensors(&model)[index]};
        if (t.tensor->dtype == MLM_DTYPE_F32) patch(t, bytes);
    }
    blob_fix_crc(b->bytes, b->size);
}

static void draw_input(fuzz_network *network, byte_reader *bytes) {
    const model_spec *spec = &network->spec;
    network->frames = read_between(bytes, 1, MOST_FRAMES);
    network->inputs = spec_inputs_of(spec, network->frames);
    rng random = {read_byte(bytes)};
    static const float scales[] = {0.5f, 1.0f, 4.0f, 4.0f, 16.0f, 16.0f, 1000.0f, 2e19f};
    const float scale = scales[read_between(bytes, 0, sizeof scales / sizeof *scales - 1u)];
    network->input = spec_random_input(spec, &random, network->inputs);
    if (spec->input_kind == MLM_INPUT_TOKENS) return;
    float *values = network->input;
    const uint32_t count = network->inputs * spec->input_width;
    for (uint32_t i = 0; i < count; i++) values[i] *= scale;
    for (uint32_t n = read_between(bytes, 0, MOST_PATCHES); n > 0; n--) {
        const uint32_t at = read_byte(bytes) * 256u + read_byte(bytes);
        values[at % count] = specials[read_between(bytes, 0, SPECIALS - 1)];
    }
}

void network_from_bytes(fuzz_network *network, byte_reader *bytes) {
    draw_spec(&network->spec, bytes);
    network->b = blob_build(&network->spec);
    patch_weights(&network->b, bytes);
    draw_input(network, bytes);
}

void network_free(fuzz_network *network) {
    free(network->input);
    blob_free(&network->b);
}

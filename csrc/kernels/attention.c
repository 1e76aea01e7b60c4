/*
 * attention.c - self-attention of several heads (Vaswani et al., arXiv 1706.03762, section 3.2): every row is a
 * mean of the values of all rows, or of those up to itself, each weighted by how its key suits the row's query.
 * A row of x has the queries, keys and values of all heads, one behind the other; queries are scaled
 * already. Scores are made twice, for the largest one and for the weights, so that they need no memory.
 */
#include "../math/math4.h"
#include "kernels.h"

enum { FULL, CAUSAL, VARIANTS };
enum { HEADS, ATTRIBUTES };
enum { WEIGHTED_SUM, ROLES };
enum { QUERY, KEY, VALUE, PARTS };

static uint32_t head_width(const mlm_blob_op *op) { return op->width / op->attributes[HEADS]; }

static int check(const mlm_op_view *view) {
    const uint32_t width = view->op->width, heads = view->op->attributes[HEADS];
    return (uint64_t)PARTS * width == view->widths[0] && heads >= 1 && width % heads == 0;
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    need[WEIGHTED_SUM].floats = mlm_padded(head_width(view->op));
}

/* A row as one head sees it: its query, and the first key and value of the rows that it reads. */
typedef struct head {
    const float *query, *keys, *values;
    uint32_t stride, width, rows;
} head;

static const float *key_at(const head *h, uint32_t row) {
    return h->keys + (size_t)(row < h->rows ? row : h->rows - 1) * h->stride;
}

/* Those of V4_LANES rows from `row` on; behind the last row it is again the last one's. */
static v4 scores_from(const head *h, uint32_t row) {
    const float *a = key_at(h, row), *b = key_at(h, row + 1);
    const float *c = key_at(h, row + 2), *d = key_at(h, row + 3);
    v4 sum = v4_zero();
    for (uint32_t i = 0; i < h->width; i++)
        sum = v4_add(sum, v4_mul(v4_splat(h->query[i]), v4_of(a[i], b[i], c[i], d[i])));
    return sum;
}

/* Passes NaN over, which comes back with the weights. */
static float largest_score(const head *h) {
    float largest = 0.0f, lanes[V4_LANES];
    for (uint32_t row = 0; row < h->rows; row += V4_LANES) {
        v4_store(lanes, scores_from(h, row));
        for (uint32_t lane = 0; lane < V4_LANES; lane++)
            if (row + lane == 0 || lanes[lane] > largest) largest = lanes[lane];
    }
    return largest;
}

static void attend(const head *h, float *sum, float *y) {
    const v4 largest = v4_splat(largest_score(h));
    float weights = 0.0f, lanes[V4_LANES];
    for (uint32_t i = 0; i < h->width; i += V4_LANES) v4_store(sum + i, v4_zero());
    for (uint32_t row = 0; row < h->rows; row += V4_LANES) {
        v4_store(lanes, v4_exp_minus_or_nan(v4_sub(largest, scores_from(h, row))));
        for (uint32_t lane = 0; lane < V4_LANES && row + lane < h->rows; lane++) {
            const float *value = h->values + (size_t)(row + lane) * h->stride;
            const v4 weight = v4_splat(lanes[lane]);
            weights += lanes[lane];
            for (uint32_t i = 0; i < h->width; i += V4_LANES)
                v4_store(sum + i,
                         v4_add(v4_load(sum + i), v4_mul(weight, v4_load_row(value, i, h->width))));
        }
    }
    for (uint32_t i = 0; i < h->width; i++) y[i] = sum[i] / weights;
}

static int run_attention(mlm_run *run) {
    const uint32_t width = run->op->width, each = head_width(run->op);
    const mlm_source x = run->inputs[0];
    for (uint32_t t = 0; t < run->rows; t++) {
        const uint32_t row = run->first + t;
        float *y = run->output.data + (size_t)t * run->output.stride;
        for (uint32_t first = 0; first < width; first += each) {
            const float *const own = x.data + first;
            const head h = {.query = own + (size_t)row * x.stride,
                            .keys = own + KEY * width,
                            .values = own + VALUE * width,
                            .stride = x.stride,
                            .width = each,
                            .rows = run->op->variant == CAUSAL ? row + 1 : run->in_total};
            attend(&h, mlm_buffer_at(run, WEIGHTED_SUM), y + first);
        }
    }
    return 0;
}

/* Scores twice, and the weighted sum, of every pair of rows: what grows with the square of the length. */
void mlm_attention_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, rows = work->rows;
    const uint64_t pairs = view->op->variant == CAUSAL ? rows * (rows + 1) / 2 : rows * rows;
    work->row.macs = width;
    work->row.bytes_read = width * sizeof(float);
    work->once.macs = pairs * PARTS * width;
    work->once.exps = pairs * view->op->attributes[HEADS];
    work->once.bytes_read = pairs * PARTS * width * sizeof(float);
}

static const char *const roles[ROLES] = {"weighted_sum"};

/* mlm-op 63 */
const mlm_op_class mlm_attention_class = {
    .name = "attention",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_WHOLE | MLM_OP_SEQUENCE,
    .variants = VARIANTS,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .run = run_attention,
};

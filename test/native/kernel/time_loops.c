/*
 * time_loops.c - specifications of ops that move, repeat, gather or count rows.
 */
#include "loops.h"

MLM_NOINLINE float either(int condition, float then, float otherwise) {
    return condition ? then : otherwise;
}

static int make_window_pool(kernel_case *c) {
    uint32_t *a = c->op.attributes;
    a[0] = 1 + case_below(c, 5);
    a[1] = 1 + case_below(c, 3) * case_below(c, 3);
    a[2] = case_below(c, a[0]);
    a[3] = case_below(c, a[0]);
    a[4] = case_below(c, 2);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    const uint32_t padded = c->length + a[2] + a[3];
    c->out_rows = padded < a[0] ? 0 : (padded - a[0]) / a[1] + 1;
    return 1;
}

static float window_of(const kernel_case *c, uint32_t r, uint32_t channel) {
    const uint32_t *a = c->op.attributes;
    const int64_t first = (int64_t)r * a[1] - a[2];
    float value = 0.0f;
    uint32_t present = 0;
    for (int64_t t = first; t < first + a[0]; t++) {
        if (t < 0 || t >= c->rows[0]) continue;
        const float x = at(c, 0, (uint32_t)t, channel);
        if (present++ == 0)
            value = x;
        else
            value = c->op.variant == 0 ? value + x : larger(value, x);
    }
    return c->op.variant == 1 ? value : value / (float)(a[4] ? a[0] : present);
}

static void window_pool(const kernel_case *c, float *y) {
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = window_of(c, r, i);
}

static int make_unfold(kernel_case *c) {
    const uint32_t window = 1 + case_below(c, 4), hop = 1 + case_below(c, 6);
    c->op.attributes[0] = window;
    c->op.attributes[1] = hop;
    case_input(c, c->size, c->length);
    c->op.width = window * c->size;
    c->out_rows = c->length < window ? 0 : (c->length - window) / hop + 1;
    return 1;
}

static void unfold(const kernel_case *c, float *y) {
    const uint32_t window = c->op.attributes[0], hop = c->op.attributes[1];
    for (uint32_t r = 0; r < c->out_rows; r++, y += c->op.width)
        for (uint32_t j = 0; j < window; j++)
            for (uint32_t i = 0; i < c->size; i++)
                y[c->op.variant == 0 ? j * c->size + i : i * window + j] = at(c, 0, r * hop + j, i);
}

static int make_upsample(kernel_case *c) {
    c->op.attributes[0] = 1 + case_below(c, 4);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length * c->op.attributes[0];
    return 1;
}

static void upsample(const kernel_case *c, float *y) {
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, r / c->op.attributes[0], i);
}

static int make_split_rows(kernel_case *c) {
    const uint32_t count = 1 + case_below(c, 4);
    c->op.attributes[0] = count;
    case_input(c, count * c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length * count;
    return 1;
}

static void split_rows(const kernel_case *c, float *y) {
    const uint32_t count = c->op.attributes[0], width = c->op.width;
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < width; i++) *y++ = at(c, 0, r / count, r % count * width + i);
}

static int make_insert_row(kernel_case *c) {
    c->op.attributes[0] = case_below(c, 3) ? case_below(c, c->length + 1) : MLM_INSERT_END;
    case_vector(c, 0, c->size);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length + 1;
    return 1;
}

static void insert_row(const kernel_case *c, float *y) {
    const uint32_t wanted = c->op.attributes[0], position = wanted < c->length ? wanted : c->length;
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++)
            if (r == position)
                *y++ = c->w[0][i];
            else
                *y++ = at(c, 0, r < position ? r : r - 1, i);
}

static int make_positions(kernel_case *c) {
    c->op.attributes[0] = c->length + case_below(c, 3);
    case_vector(c, 0, c->op.attributes[0] * c->size);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static void positions(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++)
            *y++ = at(c, 0, t, i) + c->w[0][t * c->op.width + i];
}

static int make_align(kernel_case *c) {
    c->lag = case_below(c, 5);
    case_input(c, c->size, c->length);
    case_input(c, 1, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static void align(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, t, i);
}

static int make_whole(kernel_case *c) {
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static void reverse(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, c->length - 1 - t, i);
}

static int make_transpose(kernel_case *c) {
    case_input(c, c->size, c->length);
    c->op.width = c->length;
    c->out_rows = c->size;
    return 1;
}

static void transpose(const kernel_case *c, float *y) {
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, i, r);
}

static int make_sequence_norm(kernel_case *c) {
    const uint32_t choices[] = {1, c->size, c->size % 2 ? 1 : 2, c->size % 3 ? 1 : 3};
    c->op.attributes[0] = choices[case_below(c, 4)];
    case_float_attribute(c, 1, 1e-5f);
    case_maybe_vector(c, 0, c->size);
    case_maybe_vector(c, 1, c->size);
    return make_whole(c);
}

/* Mean over rows and channels [first, first + width) of x - centre, or of its square. */
static float mean_of(const kernel_case *c, uint32_t first, uint32_t width, float centre,
                     int squared) {
    compensated sum = {0.0f, 0.0f};
    for (uint32_t t = 0; t < c->length; t++)
        for (uint32_t i = first; i < first + width; i++) {
            const float x = at(c, 0, t, i) - centre;
            add_to(&sum, squared ? x * x : x);
        }
    return sum.sum / ((float)c->length * (float)width);
}

static void sequence_norm(const kernel_case *c, float *y) {
    const uint32_t width = c->op.width / c->op.attributes[0];
    for (uint32_t i = 0; i < c->op.width; i++) {
        const uint32_t first = i / width * width;
        const float origin = at(c, 0, 0, first);
        const float mean = origin + mean_of(c, first, width, origin, 0);
        const float variance = mean_of(c, first, width, mean, 1);
        const float scale = norm_scale(variance + f32_from_bits(c->op.attributes[1]));
        for (uint32_t t = 0; t < c->length; t++) {
            float *to = &y[t * c->op.width + i];
            *to = (at(c, 0, t, i) - mean) * scale;
            if (has_tensor(c, 0)) *to *= c->w[0][i];
            if (has_tensor(c, 1)) *to += c->w[1][i];
        }
    }
}

/* ---- time and bands ------------------------------------------------------------------------------- */

enum { C2_TAPS, C2_STRIDE, C2_DILATION, C2_BEFORE, C2_AFTER, C2_GROUPS, C2_BANDS, C2_WINDOW };
enum { P2_WINDOW, P2_STRIDE, P2_BEFORE, P2_AFTER, P2_COUNT, P2_BANDS, P2_BAND_WINDOW };

typedef struct band_window {
    uint32_t in, out, taps, hop, dilation, before;
} band_window;

static band_window make_bands(kernel_case *c, uint32_t attribute, int dilates) {
    band_window w = {.in = 1 + case_below(c, 7), .taps = 1 + case_below(c, 3)};
    w.hop = 1 + case_below(c, 2);
    w.dilation = dilates ? 1 + case_below(c, 2) : 1;
    const uint32_t span = (w.taps - 1) * w.dilation + 1;
    w.before = case_below(c, span);
    w.out = 1 + case_below(c, (w.in + w.before - 1) / w.hop + 1);
    c->op.attributes[attribute] = w.in | w.out << 16;
    c->op.attributes[attribute + 1] = w.taps | w.hop << 8 | w.dilation << 16 | w.before << 24;
    return w;
}

static band_window bands_of(const kernel_case *c, uint32_t attribute) {
    const uint32_t n = c->op.attributes[attribute], w = c->op.attributes[attribute + 1];
    return (band_window){n & 0xFFFF, n >> 16, w & 0xFF, w >> 8 & 0xFF, w >> 16 & 0xFF, w >> 24};
}

/* Whether there is a row t and a band b. */
static int is_there(const kernel_case *c, const band_window *w, int64_t t, int64_t b) {
    return t >= 0 && t < c->rows[0] && b >= 0 && b < w->in;
}

static uint32_t rows_of_windows(const kernel_case *c, uint32_t span, uint32_t stride,
                                uint32_t around) {
    const uint32_t padded = c->length + around;
    return padded < span ? 0 : (padded - span) / stride + 1;
}

enum { C2_DEPTHWISE = 1 };

static int make_conv2d(kernel_case *c) {
    uint32_t *a = c->op.attributes;
    a[C2_TAPS] = 1 + case_below(c, 3);
    a[C2_STRIDE] = 1 + case_below(c, 2);
    a[C2_DILATION] = 1 + case_below(c, 2);
    const uint32_t span = (a[C2_TAPS] - 1) * a[C2_DILATION] + 1;
    a[C2_BEFORE] = case_below(c, span);
    a[C2_AFTER] = case_below(c, span);
    const band_window w = make_bands(c, C2_BANDS, 1);
    const int depthwise = c->op.variant == C2_DEPTHWISE;
    a[C2_GROUPS] = depthwise ? c->size : 1 + case_below(c, 3);
    const uint32_t inputs = depthwise ? 1 : 1 + case_below(c, 3);
    const uint32_t outputs = depthwise ? 1 : 1 + case_below(c, 10);
    const uint32_t columns = a[C2_TAPS] * w.taps * inputs, padded = mlm_padded(outputs);
    c->op.width = a[C2_GROUPS] * outputs * w.out;
    if (depthwise) {
        case_vector(c, 0, columns * mlm_padded(c->size));
    } else {
        const uint32_t rows = a[C2_GROUPS] > 1 ? a[C2_GROUPS] * padded : outputs;
        float *m = case_matrix(c, 0, rows, columns);
        for (uint32_t row = 0; row < rows; row++)
            for (uint32_t i = 0; i < columns; i++)
                if (row % padded >= outputs) m[row * columns + i] = 0.0f;
    }
    case_maybe_vector(c, 1, a[C2_GROUPS] * outputs);
    case_input(c, a[C2_GROUPS] * inputs * w.in, c->length);
    c->out_rows = rows_of_windows(c, span, a[C2_STRIDE], a[C2_BEFORE] + a[C2_AFTER]);
    return 1;
}

/* Channel o of band b of row r: over taps of time, then of bands, then channels of its group. */
static float conv2d_at(const kernel_case *c, const band_window *w, uint32_t r, uint32_t b,
                       uint32_t o) {
    const uint32_t *a = c->op.attributes;
    const int depthwise = c->op.variant == C2_DEPTHWISE;
    const uint32_t channels = c->widths[0] / w->in, inputs = channels / a[C2_GROUPS];
    const uint32_t outputs = c->op.width / w->out / a[C2_GROUPS], group = o / outputs;
    const uint32_t row = group * mlm_padded(outputs) + o % outputs;
    const float bias = bias_at(c, 1, o);
    const float *m = c->w[0] + (depthwise ? o : row * a[C2_TAPS] * w->taps * inputs);
    float sum = sum_before(c, 0, bias);
    for (uint32_t k = 0; k < a[C2_TAPS]; k++)
        for (uint32_t j = 0; j < w->taps; j++)
            for (uint32_t i = 0; i < inputs; i++) {
                const int64_t t = (int64_t)r * a[C2_STRIDE] - a[C2_BEFORE] + k * a[C2_DILATION];
                const int64_t band = (int64_t)b * w->hop - w->before + j * w->dilation;
                const int there = is_there(c, w, t, band);
                const uint32_t at_band = there ? (uint32_t)band * channels + group * inputs + i : 0;
                const float x = there ? at(c, 0, (uint32_t)t, at_band) : 0.0f;
                if (there || !depthwise) sum += *m * x;
                m += depthwise ? mlm_padded(channels) : 1;
            }
    return sum_behind(c, 0, row, sum, bias);
}

static void conv2d(const kernel_case *c, float *y) {
    const band_window w = bands_of(c, C2_BANDS);
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t b = 0; b < w.out; b++)
            for (uint32_t o = 0; o < c->op.width / w.out; o++) *y++ = conv2d_at(c, &w, r, b, o);
}

static int make_pool2d(kernel_case *c) {
    uint32_t *a = c->op.attributes;
    a[P2_WINDOW] = 1 + case_below(c, 3);
    a[P2_STRIDE] = 1 + case_below(c, 3);
    a[P2_BEFORE] = case_below(c, a[P2_WINDOW]);
    a[P2_AFTER] = case_below(c, a[P2_WINDOW]);
    a[P2_COUNT] = case_below(c, 2);
    const band_window w = make_bands(c, P2_BANDS, 0);
    c->op.width = c->size * w.out;
    case_input(c, c->size * w.in, c->length);
    c->out_rows = rows_of_windows(c, a[P2_WINDOW], a[P2_STRIDE], a[P2_BEFORE] + a[P2_AFTER]);
    return 1;
}

static float pool2d_at(const kernel_case *c, const band_window *w, uint32_t r, uint32_t b,
                       uint32_t i) {
    const uint32_t *a = c->op.attributes, channels = c->widths[0] / w->in;
    uint32_t present = 0;
    float sum = 0.0f;
    for (uint32_t k = 0; k < a[P2_WINDOW]; k++)
        for (uint32_t j = 0; j < w->taps; j++) {
            const int64_t t = (int64_t)r * a[P2_STRIDE] - a[P2_BEFORE] + k;
            const int64_t band = (int64_t)b * w->hop - w->before + j;
            if (!is_there(c, w, t, band)) continue;
            const float x = at(c, 0, (uint32_t)t, (uint32_t)band * channels + i);
            if (present++ == 0)
                sum = x;
            else
                sum = c->op.variant ? larger(sum, x) : sum + x;
        }
    if (c->op.variant) return sum;
    return sum / (float)(a[P2_COUNT] ? a[P2_WINDOW] * w->taps : present);
}

static void pool2d(const kernel_case *c, float *y) {
    const band_window w = bands_of(c, P2_BANDS);
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t b = 0; b < w.out; b++)
            for (uint32_t i = 0; i < c->op.width / w.out; i++) *y++ = pool2d_at(c, &w, r, b, i);
}

static int make_attention(kernel_case *c) {
    const uint32_t heads = 1 + case_below(c, 3);
    c->op.width = heads * c->size;
    c->op.attributes[0] = heads;
    case_input(c, 3 * c->op.width, c->length);
    c->out_rows = c->length;
    return 1;
}

/* How the query of row `t` suits the key of row `other`, in the head whose first channel is `head`. */
static float score(const kernel_case *c, uint32_t t, uint32_t other, uint32_t head) {
    const uint32_t width = c->op.width, each = width / c->op.attributes[0];
    float sum = 0.0f;
    for (uint32_t i = head; i < head + each; i++)
        sum += at(c, 0, t, i) * at(c, 0, other, width + i);
    return sum;
}

static void attention(const kernel_case *c, float *y) {
    const uint32_t width = c->op.width, each = width / c->op.attributes[0];
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < width; i++) {
            const uint32_t rows = c->op.variant == 1 ? t + 1 : c->length, head = i / each * each;
            float largest = score(c, t, 0, head), weights = 0.0f, sum = 0.0f;
            for (uint32_t k = 1; k < rows; k++)
                if (score(c, t, k, head) > largest) largest = score(c, t, k, head);
            for (uint32_t k = 0; k < rows; k++) {
                const float weight = exp_minus_of(largest - score(c, t, k, head));
                weights += weight;
                sum += weight * at(c, 0, k, 2 * width + i);
            }
            *y++ = sum / weights;
        }
}

const kernel_spec time_specs[] = {
    {73, make_conv2d, conv2d, 0},         {74, make_pool2d, pool2d, 0},
    {75, make_split_rows, split_rows, 0}, {13, make_window_pool, window_pool, 0},
    {14, make_unfold, unfold, 0},         {15, make_upsample, upsample, 0},
    {16, make_insert_row, insert_row, 0}, {17, make_positions, positions, 0},
    {18, make_align, align, 0},           {19, make_whole, reverse, 0},
    {20, make_transpose, transpose, 0},   {21, make_sequence_norm, sequence_norm, 0},
    {63, make_attention, attention, 0},   {0, 0, 0, 0},
};

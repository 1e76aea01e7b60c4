/*
 * bands.c - see bands.h.
 */
#include "bands.h"

enum { HALF = 16, BYTE = 8, HALF_MASK = 0xFFFF, BYTE_MASK = 0xFF };

mlm_bands mlm_bands_of(const mlm_blob_op *op, uint32_t attribute, uint32_t width) {
    const uint32_t counts = op->attributes[attribute], window = op->attributes[attribute + 1];
    const uint32_t in = counts & HALF_MASK;
    return (mlm_bands){.in = in,
                       .out = counts >> HALF,
                       .channels = in == 0 ? 0 : width / in,
                       .taps = window & BYTE_MASK,
                       .hop = window >> BYTE & BYTE_MASK,
                       .dilation = window >> HALF & BYTE_MASK,
                       .before = window >> (HALF + BYTE)};
}

int mlm_are_bands(const mlm_bands *bands, const mlm_op_view *view) {
    if (bands->in == 0 || bands->out == 0 || bands->taps == 0 || bands->hop == 0 ||
        bands->dilation == 0)
        return 0;
    const uint32_t span = (bands->taps - 1) * bands->dilation + 1;
    const uint32_t last = (bands->out - 1) * bands->hop;
    return view->widths[0] % bands->in == 0 && view->op->width % bands->out == 0 &&
           bands->before < span && last < bands->in + bands->before;
}

/* ---- convolutions ------------------------------------------------------------------------------------ */

enum { TAPS, STRIDE, DILATION, BEFORE, AFTER, GROUPS = MLM_CONV2D_GROUPS, CONV_BANDS };

mlm_conv2d mlm_conv2d_of(const mlm_blob_op *op, uint32_t width) {
    const uint32_t *a = op->attributes;
    mlm_conv2d conv = {.time = {a[TAPS], a[STRIDE], a[DILATION], a[BEFORE], a[AFTER]},
                       .bands = mlm_bands_of(op, CONV_BANDS, width),
                       .groups = a[GROUPS] & ((1u << MLM_CONV2D_SHIFT_PLACE) - 1),
                       .shift = a[GROUPS] >> MLM_CONV2D_SHIFT_PLACE};
    if (conv.groups == 0 || conv.bands.out == 0) return conv;
    conv.inputs = conv.bands.channels / conv.groups;
    conv.outputs = op->width / conv.bands.out / conv.groups;
    conv.columns = conv.time.taps * conv.bands.taps * conv.inputs;
    return conv;
}

int mlm_is_conv2d(const mlm_conv2d *conv, const mlm_op_view *view, uint32_t padding) {
    if (!mlm_is_window(&conv->time) || !mlm_are_bands(&conv->bands, view) || conv->groups == 0 ||
        conv->bands.channels % conv->groups || view->op->width / conv->bands.out % conv->groups ||
        conv->outputs == 0)
        return 0;
    const uint64_t columns = (uint64_t)conv->time.taps * conv->bands.taps * conv->inputs;
    if (columns > UINT32_MAX) return 0;
    if (view->op->variant == MLM_CONV2D_DEPTHWISE)
        return conv->inputs == 1 && conv->outputs == 1 &&
               columns * mlm_padded(conv->groups) <= UINT32_MAX;
    return (uint64_t)conv->groups * mlm_conv2d_rows(conv, padding) <= UINT32_MAX;
}

int mlm_conv2d_clock(const mlm_op_view *view, mlm_clock *clock) {
    const mlm_conv2d conv = mlm_conv2d_of(view->op, view->widths[0]);
    return mlm_window_clock(&conv.time, clock);
}

/* Windows are laid out and read, what is new goes into the history, products are put in their places. */
void mlm_conv2d_counts(const mlm_op_view *view, mlm_work *work, uint32_t bytes) {
    const mlm_conv2d conv = mlm_conv2d_of(view->op, view->widths[0]);
    const uint64_t covered = (uint64_t)conv.columns * conv.groups * conv.bands.out;
    const uint64_t moved = mlm_window_moves(view, &conv.time), width = view->op->width;
    const uint64_t laid = view->op->variant == MLM_CONV2D_DENSE ? covered : 0;
    work->row.macs = covered * conv.outputs;
    work->row.bytes_read = (covered + laid + moved + width) * bytes;
    work->row.bytes_written = (laid + moved + 2 * width) * bytes;
}

/* ---- pools -------------------------------------------------------------------------------------------- */

mlm_pool2d mlm_pool2d_of(const mlm_blob_op *op, uint32_t width) {
    const uint32_t *a = op->attributes; /* window, stride, before, after */
    return (mlm_pool2d){{a[0], a[1], 1, a[2], a[3]}, mlm_bands_of(op, MLM_POOL2D_BANDS, width)};
}

int mlm_is_pool2d(const mlm_pool2d *pool, const mlm_op_view *view) {
    const mlm_bands *bands = &pool->bands;
    return mlm_is_window(&pool->time) && mlm_are_bands(bands, view) && bands->dilation == 1 &&
           view->op->attributes[MLM_POOL2D_COUNT_ABSENT] <= 1 &&
           (uint64_t)bands->channels * bands->out == view->op->width;
}

int mlm_pool2d_clock(const mlm_op_view *view, mlm_clock *clock) {
    const mlm_pool2d pool = mlm_pool2d_of(view->op, view->widths[0]);
    return mlm_window_clock(&pool.time, clock);
}

/* Each band that is covered and the sums in, the sums out, the average over them. */
void mlm_pool2d_counts(const mlm_op_view *view, mlm_work *work, uint32_t bytes, uint32_t sums) {
    const mlm_pool2d pool = mlm_pool2d_of(view->op, view->widths[0]);
    const uint64_t width = view->op->width, taps = (uint64_t)pool.time.taps * pool.bands.taps;
    const uint64_t moved = mlm_window_moves(view, &pool.time) * bytes;
    const uint64_t others = moved + (view->op->variant == MLM_POOL2D_AVERAGE ? width * sums : 0);
    work->row.bytes_read = (taps * bytes + (taps - 1) * sums) * width + others;
    work->row.bytes_written = taps * width * sums + others;
}

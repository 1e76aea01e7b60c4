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

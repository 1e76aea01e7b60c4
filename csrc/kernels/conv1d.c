/*
 * conv1d.c - the causal depthwise convolution of a Mamba block, one group of 4 channels at a time.
 * Four taps, the size that Mamba is trained with, keep the history in registers.
 */
#include "../core/vec4.h"
#include "cortex_m7.h"
#include "kernels.h"

enum { LANES = 4 };

#if MLM_CORTEX_M7

MLM_INLINE void conv1d_4_taps(const float *weight, const float *bias, float *history, mlm_rows x,
                              uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride)
        m7_conv1d_4_taps(weight, bias, history, x.data);
}

#else

static void conv1d_4_taps(const float *weight, const float *bias, float *history, mlm_rows x,
                          uint32_t frames) {
    const v4 b = v4_load(bias);
    const v4 w0 = v4_load(weight), w1 = v4_load(weight + 4);
    const v4 w2 = v4_load(weight + 8), w3 = v4_load(weight + 12);
    v4 h0 = v4_load(history), h1 = v4_load(history + 4), h2 = v4_load(history + 8);
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const v4 now = v4_load(x.data);
        v4 sum = v4_add(b, v4_mul(w0, h0));
        sum = v4_add(sum, v4_mul(w1, h1));
        sum = v4_add(sum, v4_mul(w2, h2));
        v4_store(x.data, v4_add(sum, v4_mul(w3, now)));
        h0 = h1;
        h1 = h2;
        h2 = now;
    }
    v4_store(history, h0);
    v4_store(history + 4, h1);
    v4_store(history + 8, h2);
}

/* One frame: the history moves on in memory. */
static void conv1d_4_taps_once(const float *weight, const float *bias, uint32_t bias_step,
                               float *history, float *x, uint32_t groups) {
    for (const float *end = x + groups * LANES; x != end; x += LANES) {
        const v4 now = v4_load(x), h1 = v4_load(history + 4), h2 = v4_load(history + 8);
        v4 sum = v4_add(v4_load(bias), v4_mul(v4_load(weight), v4_load(history)));
        sum = v4_add(sum, v4_mul(v4_load(weight + 4), h1));
        sum = v4_add(sum, v4_mul(v4_load(weight + 8), h2));
        v4_store(x, v4_add(sum, v4_mul(v4_load(weight + 12), now)));
        v4_store(history, h1);
        v4_store(history + 4, h2);
        v4_store(history + 8, now);
        weight += 4 * LANES;
        history += 3 * LANES;
        bias += bias_step;
    }
}

#endif

static void conv1d_any(const float *weight, const float *bias, uint32_t taps, float *history,
                       mlm_rows x, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const v4 now = v4_load(x.data);
        v4 sum = v4_load(bias);
        for (uint32_t k = 0; k + 1 < taps; k++) {
            const v4 past = v4_load(history + 4 * k);
            sum = v4_add(sum, v4_mul(v4_load(weight + 4 * k), past));
            if (k > 0) v4_store(history + 4 * (k - 1), past);
        }
        v4_store(x.data, v4_add(sum, v4_mul(v4_load(weight + 4 * (taps - 1)), now)));
        if (taps > 1) v4_store(history + 4 * (taps - 2), now);
    }
}

void mlm_conv1d(const float *weight, const float *bias, uint32_t taps, uint32_t groups,
                float *history, mlm_rows x, uint32_t frames) {
    static const float zeros[LANES] = {0.0f};
    const uint32_t bias_step = bias ? LANES : 0;
    if (!bias) bias = zeros;
#if !MLM_CORTEX_M7
    if (taps == 4 && frames == 1) {
        conv1d_4_taps_once(weight, bias, bias_step, history, x.data, groups);
        return;
    }
#endif
    for (; groups > 0; groups--) {
        if (taps == 4)
            conv1d_4_taps(weight, bias, history, x, frames);
        else
            conv1d_any(weight, bias, taps, history, x, frames);
        weight += LANES * taps;
        if (taps > 1) history += LANES * (taps - 1); /* else there is none */
        bias += bias_step;
        x.data += LANES;
    }
}

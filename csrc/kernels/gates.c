/*
 * gates.c - the element-wise functions inside a Mamba block: SiLU, softplus, and the gate.
 */
#include "../core/math4.h"
#include "cortex_m7.h"
#include "kernels.h"

#if MLM_CORTEX_M7

void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++) m7_silu(x.data + t * x.stride, groups);
}

void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++) m7_softplus(x.data + t * x.stride, groups);
}

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++)
        m7_gate(x.data + t * x.stride, z.data + t * z.stride, groups);
}

#else

#define IN_PLACE(name, function)                                             \
    void name(mlm_rows x, uint32_t groups, uint32_t frames) {                \
        for (uint32_t t = 0; t < frames; t++, x.data += x.stride)            \
            for (uint32_t g = 0; g < groups; g++)                            \
                v4_store(x.data + 4 * g, function(v4_load(x.data + 4 * g))); \
    }

IN_PLACE(mlm_silu, v4_silu)
IN_PLACE(mlm_softplus, v4_softplus)

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride, z.data += z.stride)
        for (uint32_t g = 0; g < groups; g++)
            v4_store(x.data + 4 * g,
                     v4_mul(v4_load(x.data + 4 * g), v4_silu(v4_load(z.data + 4 * g))));
}

#endif

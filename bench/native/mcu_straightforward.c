/*
 * mcu_straightforward.c - the straightforward port on the emulated Cortex-M7, to count its
 * instructions: one run of the linked input, logits and count printed. Sizes come as macros; its
 * whole-sequence buffers lie in the emulator's own memory, since no board is planned for them.
 */
#include "../straightforward/straightforward.h"
#include "mcu_port.h"

static const sf_sizes sizes = {FEATURES, D_MODEL, D_INNER, D_STATE, D_CONV, DT_RANK, CLASSES};

static const float *take(const float **next, int count) {
    const float *taken = *next;
    *next += count;
    return taken;
}

int port_main(void) {
    const float *next = harness_inputs;
    sf_weights weights;
    weights.linear_in_weight = take(&next, D_MODEL * FEATURES);
    weights.linear_in_bias = take(&next, D_MODEL);
    weights.in_proj = take(&next, 2 * D_INNER * D_MODEL);
    weights.conv1d_weight = take(&next, D_INNER * D_CONV);
    weights.conv1d_bias = take(&next, D_INNER);
    weights.x_proj = take(&next, (DT_RANK + 2 * D_STATE) * D_INNER);
    weights.dt_proj_weight = take(&next, D_INNER * DT_RANK);
    weights.dt_proj_bias = take(&next, D_INNER);
    weights.a_log = take(&next, D_INNER * D_STATE);
    weights.d = take(&next, D_INNER);
    weights.out_proj = take(&next, D_MODEL * D_INNER);
    weights.classifier_weight = take(&next, CLASSES * D_MODEL);
    weights.classifier_bias = take(&next, CLASSES);
    if (sf_memory_floats(&sizes, FRAMES) > MEMORY_FLOATS) return 1;

    const uint32_t start = port_ticks();
    sf_run(&sizes, &weights, next, FRAMES, memory, logits);
    print_run(port_ticks() - start);
    return 0;
}

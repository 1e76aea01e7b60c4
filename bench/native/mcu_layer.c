/*
 * mcu_layer.c - a straightforward layer (layers.h) on the emulated Cortex-M7, as mcu_straightforward.c: one run of
 * the linked input, logits and count printed. Which layer, its sizes and its tensors' elements come as macros.
 */
#include "../straightforward/layers.h"
#include "mcu_port.h"

static const int sizes[] = {SIZES};
static const int counts[] = {COUNTS};
enum { TENSORS = sizeof counts / sizeof *counts };

int port_main(void) {
    const float *weights[TENSORS], *next = harness_inputs;
    for (int i = 0; i < TENSORS; i++) {
        weights[i] = next;
        next += counts[i];
    }
    const uint32_t start = port_ticks();
    LAYER(sizes, weights, next, FRAMES, memory, logits);
    print_run(port_ticks() - start);
    return 0;
}

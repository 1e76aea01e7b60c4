/*
 * mcu_layer.c - a straightforward layer (layers.h) on the emulated Cortex-M7, as mcu_straightforward.c: one run of
 * the linked input, logits and count printed. Which layer, its sizes and its tensors' elements come as macros.
 */
#include <string.h>

#include "../../csrc/port/emulator.h"
#include "../../csrc/port/port.h"
#include "../../csrc/port/print.h"
#include "../straightforward/layers.h"

enum { MEMORY_FLOATS = 1 << 20 };

/* From inputs.S: the tensors in the layer's order, then (frames, features). */
extern const float harness_inputs[];

EMULATOR_ONLY static float memory[MEMORY_FLOATS];
EMULATOR_ONLY static float logits[CLASSES];

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
    const uint32_t ticks = port_ticks() - start;
    port_write("total");
    print_number(emulator_instructions(ticks));
    port_write("\nlogits");
    for (int i = 0; i < CLASSES; i++) {
        uint32_t bits;
        memcpy(&bits, logits + i, sizeof bits);
        print_bits(bits);
    }
    port_write("\n");
    return 0;
}

/*
 * mcu_port.h - what a straightforward port has on the emulated Cortex-M7, and the lines that it prints. CLASSES comes as
 * a macro. Knows no port.
 */
#ifndef MCU_PORT_H
#define MCU_PORT_H

#include <string.h>

#include "../../csrc/port/emulator.h"
#include "../../csrc/port/port.h"
#include "../../csrc/port/print.h"

enum { MEMORY_FLOATS = 1 << 20 };

/* From inputs.S: the port's tensors in its order, then (frames, features). */
extern const float harness_inputs[];

EMULATOR_ONLY static float memory[MEMORY_FLOATS];
EMULATOR_ONLY static float logits[CLASSES];

/* Instructions, and the logits' bits. */
static inline void print_run(uint32_t ticks) {
    port_write("total");
    print_number(emulator_instructions(ticks));
    port_write("\nlogits");
    for (int i = 0; i < CLASSES; i++) {
        uint32_t bits;
        memcpy(&bits, logits + i, sizeof bits);
        print_bits(bits);
    }
    port_write("\n");
}

#endif

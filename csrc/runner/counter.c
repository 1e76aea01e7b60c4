/* counter.c - see counter.h. */
#include "counter.h"

#include "port.h"
#include "runner_board.h"

enum { TURNS = 8192, INSTRUCTIONS_A_TURN = 2, INSTRUCTIONS_AROUND = 64 };

/* Emulated time goes by with instructions, 3.9 million a second under -icount shift=8. Of a loop that reads registers QEMU
 * does 3 to 11 million on a busy machine and more on an idle one, so that its seconds are short. */
enum { EMULATED_HASTE = 4 };

static int is_of_cycles;
static int is_of_instructions;

static __attribute__((noinline)) uint32_t count_loop(void) {
    uint32_t turns = TURNS;
    const uint32_t start = port_cycles();
    __asm__ volatile(
        ".syntax unified\n\t"
        "1: subs %0, #1\n\t"
        "bne 1b"
        : "+l"(turns)
        :
        : "cc");
    return port_cycles() - start;
}

void counter_find(void) {
    const uint32_t counted = count_loop();
    is_of_cycles = board_counts_cycles(counted, TURNS);
    const uint64_t instructions = board_instructions(counted);
    is_of_instructions = !is_of_cycles && instructions >= TURNS * INSTRUCTIONS_A_TURN &&
                         instructions < TURNS * INSTRUCTIONS_A_TURN + INSTRUCTIONS_AROUND;
}

int counter_is_of_cycles(void) { return is_of_cycles; }

const char *counter_wrong(void) {
    return is_of_cycles || is_of_instructions
               ? 0
               : "emulated time that stands for no instructions, QEMU wants -icount shift=8";
}

uint64_t counter_reported(uint64_t counts) {
    return is_of_cycles ? counts : board_instructions(counts);
}

uint32_t counter_of_seconds(uint32_t seconds) {
    return port_cycles_per_second() * seconds * (is_of_instructions ? EMULATED_HASTE : 1);
}

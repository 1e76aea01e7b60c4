/*
 * runner_board.h - what the runner asks of a board on top of port.h and startup.h: bytes of the console, and what its
 * counter counts. The build says the rest, as RUNNER_BOARD and its like (scripts/runners.mjs). Knows nothing of models.
 */
#ifndef MLM_RUNNER_BOARD_H
#define MLM_RUNNER_BOARD_H

#include <stdint.h>

/* The next byte that came in, or -1 where there is none. The receiver holds one byte at least; who does not ask for
 * longer than a byte takes loses bytes. */
int board_receive(void);

/* Sends a byte, waiting until the one before it is gone. */
void board_send(unsigned char byte);

/* Whether port_cycles counts cycles of the core, to be asked of what it counted over a loop of so many turns (counter.c).
 * Where it does not, this is an emulator. */
int board_counts_cycles(uint32_t counted, uint32_t turns);

/* Instructions in so much of port_cycles in an emulator that lets 256 ns pass with each (QEMU's -icount shift=8). */
uint64_t board_instructions(uint64_t counts);

#endif

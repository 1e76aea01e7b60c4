/* cycles.c - of a board whose port_cycles counts cycles of the core, and that no emulator stands for. */
#include "runner_board.h"

/* A turn of two instructions takes no core here less than half a cycle. */
int board_counts_cycles(uint32_t counted, uint32_t turns) { return counted >= turns / 2; }

uint64_t board_instructions(uint64_t counts) { return counts; }

/*
 * counter.h - what port_cycles counts: cycles on a board; in an emulator time, which stands for instructions where the
 * emulator was told to let as much of it pass with each.
 */
#ifndef MLM_RUNNER_COUNTER_H
#define MLM_RUNNER_COUNTER_H

#include <stdint.h>

/* Finds out, by a loop whose instructions are known. */
void counter_find(void);

int counter_is_of_cycles(void);
/* What is not as it must be for a report, or null. */
const char *counter_wrong(void);
/* Cycles or instructions in so much of port_cycles. */
uint64_t counter_reported(uint64_t counts);
/* Of port_cycles in so many seconds, as a person in front of it would count them. */
uint32_t counter_of_seconds(uint32_t seconds);

#endif

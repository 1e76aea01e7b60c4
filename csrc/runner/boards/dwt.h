/* dwt.h - see dwt.c. */
#ifndef MLM_RUNNER_DWT_H
#define MLM_RUNNER_DWT_H

#include <stdint.h>

/* Starts the counter of cycles. Returns whether it runs: in an emulator it does not. */
int dwt_start(void);
uint32_t dwt_cycles(void);

#endif

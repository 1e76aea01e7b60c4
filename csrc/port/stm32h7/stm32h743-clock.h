/* stm32h743-clock.h - see stm32h743-clock.c. */
#ifndef MLM_STM32H743_CLOCK_H
#define MLM_STM32H743_CLOCK_H

#include <stdint.h>

/* The internal oscillator, which the chip starts with and the console always runs from. */
#define HSI_HZ 64000000u

/* Sets the core to BOARD_CLOCK_HZ and returns what it runs at: less on a chip that is not made for as
 * much, and HSI_HZ when the supply or the PLL does not get ready. */
uint32_t clock_init(void);

#endif

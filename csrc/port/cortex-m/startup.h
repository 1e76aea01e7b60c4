/* startup.h - what startup.c, vectors.c and the machine under them ask of each other. */
#ifndef MLM_STARTUP_H
#define MLM_STARTUP_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Where the processor begins. */
void reset_handler(void);

/* Writes the name of an exception that has no handler. */
void report_unhandled(uint32_t exception);

/* Of the machine: what SysTick counts with. */
uint32_t machine_clock_hz(void);

/* Of the machine: called before port_main, with static data in place. */
void machine_init(void);
/* Of the machine: port_main returned this. */
_Noreturn void machine_exit(int status);
/* Of the machine: the processor took a fault, or an interrupt that has no handler; its name is written. */
_Noreturn void machine_fault(void);

#endif

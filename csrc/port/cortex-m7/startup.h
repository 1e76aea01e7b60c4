/* startup.h - what startup.c and the machine it starts ask of each other. */
#ifndef MLM_STARTUP_H
#define MLM_STARTUP_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Of the machine: called before port_main, with static data in place. */
void machine_init(void);
/* Of the machine: port_main returned this. */
_Noreturn void machine_exit(int status);
/* Of the machine: the processor took a fault, or an interrupt that nobody asked for. */
_Noreturn void machine_fault(void);

#endif

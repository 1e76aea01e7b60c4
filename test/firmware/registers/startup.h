/* startup.h - stands in for the port's: registers are words of a table that clock.c of this folder keeps. */
#ifndef MLM_STARTUP_H
#define MLM_STARTUP_H

#include <stdint.h>

volatile uint32_t *register_at(uint32_t address);

#define REGISTER(address) (*register_at(address))

#endif

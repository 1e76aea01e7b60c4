/*
 * print.h - numbers as text, on top of port_write. No libc, no buffers but the stack's.
 */
#ifndef MLM_PRINT_H
#define MLM_PRINT_H

#include <stdint.h>

#include "port.h"

/* " 1234" */
void print_number(uint64_t number);
/* " 40323fb2" */
void print_bits(uint32_t bits);

#endif

/*
 * print.h - numbers and text of others, on top of port_write. No libc, no buffers but the stack's.
 */
#ifndef MLM_PRINT_H
#define MLM_PRINT_H

#include <stdint.h>

#include "port.h"

/* " 1234" */
void print_number(uint64_t number);
/* " 40323fb2" */
void print_bits(uint32_t bits);
/* " -0.0123457", " 1.23457e+12": six digits of the float that has these bits. */
void print_float(uint32_t bits);
/* Text that came with a model: what a terminal would obey, and what is not UTF-8, as \xHH. */
void print_escaped(const char *text);

#endif

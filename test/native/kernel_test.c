/*
 * kernel_test.c - the kernel test as a program; see kernel/kernel_test.h.
 */
#include <stdio.h>

#include "kernel/kernel_test.h"

static void print(const char *text) { fputs(text, stdout); }

int main(void) { return kernel_test(print) ? 1 : 0; }

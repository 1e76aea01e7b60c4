/*
 * kernel_test.h - every op against a plain loop, bit for bit. Needs no libc but memcpy and the like, no
 * files and no heap, so that it runs on any target.
 */
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

/* Of what is long every so many-th is tried: another number is for slow machines. */
#ifndef KERNEL_TEST_EVERY
#define KERNEL_TEST_EVERY 1
#endif
/* The same of sizes with numbers of rows. No divisor of the numbers of either: all of both have their turn. */
#ifndef KERNEL_TEST_SIZES_EVERY
#define KERNEL_TEST_SIZES_EVERY 1
#endif

/* Prints a line for each kind of op and `N passed, N failed`; returns how many failed. `print` is given
 * pieces of text. */
int kernel_test(void (*print)(const char *text));

#endif

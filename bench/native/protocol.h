/*
 * protocol.h - what a contender in a process of its own says to the benchmark: for each line with a
 * number of runs on standard input, one line of JSON with the milliseconds of each run, by the clock
 * and on the CPU, and the bits of the logits. See bench/harness/child.ts.
 */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

/* The whole file as floats; exits with a message if it cannot be read. */
float *read_floats(const char *path, size_t *count);
unsigned char *read_file(const char *path, size_t *bytes);

/* Answers until the end of standard input. `run` writes `count` logits to `logits`. */
void serve(void (*run)(void *context), void *context, const float *logits, size_t count);

#endif

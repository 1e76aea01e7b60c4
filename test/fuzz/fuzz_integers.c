/*
 * fuzz_integers.c - fuzz_bits with networks that have integers among their floats. A target of its own, so that the
 * inputs of fuzz_bits keep their meaning.
 */
#define FUZZ_INTEGERS 1
#include "../fuzz/fuzz_bits.c"

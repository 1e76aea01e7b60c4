/*
 * network_from_bytes.h - a valid network, its weights and its inputs from any bytes: what a fuzzer that
 * compares cores wants, since almost every mutation of a blob is refused. Knows what a valid network is;
 * nothing of how one is run.
 */
#ifndef NETWORK_FROM_BYTES_H
#define NETWORK_FROM_BYTES_H

#include "blob_builder.h"

/* Bytes read from the front; 0 where there are no more. */
typedef struct byte_reader {
    const uint8_t *next, *end;
} byte_reader;

uint32_t read_byte(byte_reader *bytes);
/* low .. high, which may be 255 apart. */
uint32_t read_between(byte_reader *bytes, uint32_t low, uint32_t high);

typedef struct fuzz_network {
    model_spec spec;
    blob b;
    uint32_t frames; /* that `inputs` inputs make, at least 1 */
    uint32_t inputs; /* frames, tokens or samples */
    void *input;     /* float or int32 [inputs][input_width] */
} fuzz_network;

void network_from_bytes(fuzz_network *network, byte_reader *bytes);
void network_free(fuzz_network *network);

#endif

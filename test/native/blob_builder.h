/*
 * blob_builder.h - writes .mlm blobs for tests: a network (network.h) becomes a blob. Follows core/blob.h on
 * its own, not through the TypeScript writer, so that the two check each other. Knows nothing of how ops
 * are computed.
 */
#ifndef BLOB_BUILDER_H
#define BLOB_BUILDER_H

#include "core/blob.h"
#include "network.h"

/* `bytes` bytes of heap, 16-byte aligned and exactly that long, so that AddressSanitizer sees every
 * access past the end. Exits the process when there is no memory. */
void *aligned_block(size_t bytes);

typedef struct blob {
    unsigned char *bytes; /* from aligned_block */
    size_t size;
} blob;

/* Sorts the network and makes a blob of it; the outputs of its self-test are those of the core. Exits the
 * process when the network is too large, or the core refuses one that has a self-test. */
blob blob_build(network *net);
blob blob_copy(const blob *from, size_t size);
void blob_free(blob *b);

/* CRC-32 (IEEE 802.3); not the core's own. */
uint32_t crc32_of(const unsigned char *bytes, size_t size);

/* Writes the CRC-32 of the whole blob into its header; does nothing to a blob without one. */
void blob_fix_crc(unsigned char *bytes, size_t size);

#endif

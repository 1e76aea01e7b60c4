/*
 * payload.h - what lies behind a runner in flash: a header of 16 words, a blob, an example, labels. docs/runner.md has
 * the form. Nothing of it is trusted. Knows no board.
 */
#ifndef MLM_RUNNER_PAYLOAD_H
#define MLM_RUNNER_PAYLOAD_H

#include "mlm.h"

/* What example values are. */
enum { PAYLOAD_SAMPLES16 = 1, PAYLOAD_FLOATS = 2, PAYLOAD_TOKENS = 3 };

/* Checked: everything lies inside the payload. */
typedef struct payload {
    const unsigned char *blob;
    uint32_t blob_bytes;
    mlm_options options;
    const void *example; /* null: none */
    uint32_t example_values;
    uint32_t example_kind;
    const char *labels; /* lines, ended by a NUL; null: none */
} payload;

/* Reads the header at `flash`, from where on there are `most` bytes. Null when it is sound, else what is wrong. */
const char *payload_read(payload *found, const unsigned char *flash, uint32_t most);

/* Bytes of a value of an example. */
uint32_t payload_value_bytes(uint32_t kind);

/* Copies line `index` of the labels, cut off where it is longer, and returns `label`; empty where there is none. */
const char *payload_label(const payload *from, uint32_t index, char *label, uint32_t bytes);

#endif
